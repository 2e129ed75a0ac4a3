"""What figures and notices tell the office: the sweep that folds the sums, the long work of printing."""

from functools import partial

from django.db import connection
from django.utils.translation import gettext_lazy as _

from billing import notices
from billing.models import Run
from office import jobs, promises, sweeps
from office.addresses import row_address
from office.models.promises import Measure
from office.models.staff import Department
from office.sweeps import Foreseen, Result

# Translators: 收費
FEES = _("Fees")
PAYMENT_NOTICE = promises.Kind(
    "payment_notice",
    # Translators: 繳費通知單
    _("payment notices"),
    (
        promises.Rule(
            "payment_notice",
            # Translators: 繳費通知單
            _("payment notices issued so long before the due date"),
            _("the due date, counted back"),
            7,
            Measure.DAYS,
            "SPEC §6.9",
        ),
    ),
    climbs_to_director=False,
    department=Department.FINANCE,
    order=60,
    workflow=FEES,
)

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
            workflow=FEES,
        )
    )
    promises.register(PAYMENT_NOTICE)
    promises.register_subject(
        # Translators: 計費
        Run.SUBJECT, partial(row_address, "billing:run"), label=_("billing runs"), permission="billing.read"
    )  # fmt: skip
    # Translators: 繳費通知單、對帳單
    jobs.register(notices.JOB, notices.work, _("notices and statements"))
