import argparse
import os
import sys
import time

os.environ["GUANJIA_TEST"] = "1"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def main(words=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--small", action="store_true", help="the same at 2 000 tickets, to see that it runs")
    parser.add_argument("--full", action="store_true", help="at 1 000 000 tickets (the rule)")
    parser.add_argument(
        "--only", default="", help="pages, finding, taking, sweeps, paper, exports, households or board"
    )
    chosen = parser.parse_args(words)
    import django

    django.setup()
    from tests import databases

    from . import plan

    databases.servers()
    started = time.monotonic()
    print(plan.machine(), flush=True)
    run = plan.Run(plan.SMALL if chosen.small else plan.FULL, chosen.only)
    rows = run.go(lambda text: print(text, file=sys.stderr, flush=True))
    print(plan.table(rows))
    missed = [row.name for row in rows if row.ok is False]
    print(f"{len(rows)} rows, {len(missed)} goals missed, {time.monotonic() - started:.0f} s.")
    return rows


if __name__ == "__main__":
    main()
