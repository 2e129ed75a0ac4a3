"""A child that draws shards of HTML with WeasyPrint alone, garbage collection off: the yardstick of batch prints."""

import gc
import json
import logging
import sys
from pathlib import Path


def main(folder, number):
    from .cases import bare_press

    logging.disable(logging.CRITICAL)
    draw = bare_press()
    gc.collect()
    gc.freeze()
    gc.disable()
    for at, shard in enumerate(json.load(sys.stdin)):
        Path(folder, f"{number}-{at}.pdf").write_bytes(draw(shard))
        gc.collect()


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    main(sys.argv[1], sys.argv[2])
