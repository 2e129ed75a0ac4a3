"""Speed as ratios to yardsticks of the same run (ARCHITECTURE §4 Speed).

    python -m tests.benchmarks             full size: 1 000 000 tickets, 1 000 000 open promises
    python -m tests.benchmarks --small     the same rows at 2 000, for the tests

**A** is a view behind session, user, posting and `@may` that answers two bytes without a template. **R** is the
bare SQL that reads or writes the same rows in the same tables under the same constraints and triggers. Subject and
yardstick take turns in one run; the median of seven turns counts (of a turn its quickest request), and the spread
of the turns is printed. Only
ratios are goals. The absolute figures belong to the machine named above the table.

- `data.py`  the large databases, made once and kept as templates
- `lane.py`  a process that is the production WSGI application as role `app` on one of them, and times what it is told
- `cases.py` what a lane can be told
- `finding.py` the search box: its data, cases and rows
- `plan.py`  which ratios are taken, and their goals
"""
