"""What the household page says of money: what is owed and since when, what is prepaid and held (SPEC §2, office/cards.py)."""

from urllib.parse import urlencode

from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from billing.models import Account, Receipt
from billing.reports.counter import age_of
from office import cards, clocks, money
from office.addresses import address, row_address

KINDS = (
    # Translators: 收費
    cards.Kind(
        "fees",
        _lazy("Fees"),
        ("charge.", "receipt.", "account.", "deposit.", "refund."),
        "billing.read",
        "cash",
        (Account.SUBJECT, Receipt.SUBJECT),
    ),
)

# Every account of the unit that owes or holds something, with the age of its oldest debt: one query.
_OF_UNIT = """
SELECT a.id, p.name, p.name_en, a.owed, a.prepaid, a.deposits, o.since, coalesce(o.overdue, 0), coalesce(o.months, 0)
  FROM billing_account a JOIN residents_person p ON p.id = a.person_id
  LEFT JOIN LATERAL (
    SELECT min(due_on) AS since, sum(amount) FILTER (WHERE due_on < %(today)s) AS overdue,
           count(DISTINCT period) AS months
      FROM billing_opencharge WHERE account_id = a.id
  ) o ON true
 WHERE a.unit_id = %(unit)s AND (a.owed > 0 OR a.prepaid > 0 OR a.deposits > 0)
 ORDER BY a.owed DESC, a.id LIMIT 12
"""


def card(unit, *, staff, now):
    if not staff.may("billing.read", unit.estate_id):
        return None
    today = clocks.local_date(now, unit.estate.zone)
    with connection.cursor() as cursor:
        cursor.execute(_OF_UNIT, {"unit": unit.pk, "today": today})
        rows = cursor.fetchall()
    lines = [line for row in rows for line in _lines(row, today, unit.estate.currency)]
    return cards.Card(
        "fees",
        # Translators: 收費
        _lazy("Fees"),
        icon="cash",
        lines=[
            *(lines or [cards.Line(_("Nothing is owed."))]),
            cards.Line(_("What is charged"), row_address("billing:unit_terms", unit.pk)),
        ],
        empty=_lazy("Nothing is owed."),
        all_url=f"{address('billing:receipts')}?unit={unit.pk}",
        all_label=_lazy("Receipts of this unit"),
        column=cards.MATTERS,
        position=5,
    )


def _lines(row, today, currency):
    pk, name, name_en, owed, prepaid, deposits, since, overdue, months = row
    href = row_address("billing:account", pk)
    who = name_en if name_en and get_language() == "en" else name
    found = []
    if owed:
        words, tone = age_of(since, today)
        said = _("%(name)s · months: %(months)s") % {"name": who, "months": months}
        if overdue and overdue != owed:
            said += " · " + _("overdue %(amount)s") % {"amount": money.show(overdue, currency)}
        found.append(
            cards.Line(_("Owed %(amount)s") % {"amount": money.show(owed, currency)}, href, (words, tone), note=said, at=f"{since:%Y-%m-%d}")
        )  # fmt: skip
    if prepaid:
        # Translators: 預存款
        said = _("Prepaid %(amount)s") % {"amount": money.show(prepaid, currency)}
        found.append(cards.Line(said, href, note=who))
    if deposits:
        # Translators: 押金
        said = _("Deposits %(amount)s") % {"amount": money.show(deposits, currency)}
        found.append(cards.Line(said, href, note=who))
    return found


def starts(unit, *, staff):
    if not staff.may("billing.take_payment", unit.estate_id):
        return []
    url = row_address("billing:counter", unit.pk)
    return [
        # Translators: 收費
        cards.Start("payment", _lazy("Take a payment"), url, "cash", key="p", caller="payer", position=20),
        # Translators: 上門收取
        cards.Start(
            "visit",
            _lazy("Agree a visit"),
            f"{address('billing:collection_new')}?{urlencode({'unit': unit.code})}",
            "route",
            position=95,
        ),
    ]
