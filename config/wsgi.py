"""The web process. Production refuses to start on unsafe settings; the default run starts its servers."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("GUANJIA_POOL", "1")

application = get_wsgi_application()

from config import start  # noqa: E402 needs the applications to be loaded

start.prepare()

# What is loaded by now stays: the collector need not walk over it again in the middle of a request, nor start one
# every 700 objects, of which a page of a list makes tens of thousands.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 10, 10)
