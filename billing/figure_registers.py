"""What figures and notices tell the office: the sweep that folds the sums, the long work of printing."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from billing import notices
from office import jobs, sweeps
from office.sweeps import Foreseen, Result

CROWDED = """SELECT count(*) FROM (
  SELECT 1 FROM billing_turnover WHERE estate_id = ANY(%(estates)s)
    GROUP BY estate_id, month, head, kind, item_id, building_id, period, method HAVING count(*) > 1
  UNION ALL
  SELECT 1 FROM billing_owing WHERE estate_id = ANY(%(estates)s) GROUP BY estate_id, due_on, item_id, building_id HAVING count(*) > 1
) groups"""


def fold(now):
    """Many rows of a sum become one. The sums stay what they are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_fold_sums()")
        saved = cursor.fetchone()[0]
    return Result(found=saved, done=saved)


def foresee(now, estates, limit):
    with connection.cursor() as cursor:
        cursor.execute(CROWDED, {"estates": list(estates)})
        return Foreseen(cursor.fetchone()[0])


def register():
    sweeps.register(
        sweeps.Sweep(
            "ledger_sums",
            _("sums of the ledger"),
            _("what every booking adds to the sums is folded into one row each; no amount changes"),
            fold,
            every=3600,
            preview=foresee,
            # Translators: 收費
            workflow=_("Fees"),
        )
    )
    # Translators: 繳費通知單、對帳單
    jobs.register(notices.JOB, notices.work, _("notices and statements"))
