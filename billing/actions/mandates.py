"""Bank mandates: kept, asked of the bank in a file, booked when the bank says yes (SPEC §6.7)."""

import hashlib
import re
from datetime import timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from billing.actions import ledger, payment
from billing.models import BankFile, Draft, Entry, Layout, Mandate
from billing.reports import accounts as accounts_report
from billing.rules import bank_files
from office import accesslog, identity, journal
from office.refusals import Refused, Stale
from office.search import fold

SUBJECT = "mandate"
SOURCE = "draft"


# --- mandates -----------------------------------------------------------------------------------------------


@transaction.atomic
def sign(*, account, bank, number, holder, since, evidence, by, now, until=None, reference=""):
    """Keep a mandate; its account number is sealed. One at a time for an account."""
    digits = re.sub(r"[\s-]", "", number)
    if not re.fullmatch(r"[0-9A-Za-z]{6,34}", digits):
        raise Refused(_("A bank account number has 6 to 34 digits or letters."))
    if until is not None and until < since:
        raise Refused(_("The last day lies before the first day."))
    try:
        with transaction.atomic():
            row = Mandate.objects.create(
                estate_id=account.estate_id, account=account, bank=bank, holder=holder, reference=reference,
                evidence=evidence, period=DateRange(since, until + timedelta(days=1) if until else None),
                number_tail=digits[-4:], number_index=identity.blind(digits),
            )  # fmt: skip
    except IntegrityError as problem:
        raise Refused(_("This account has a mandate in that time already. End it first.")) from problem
    row.number_sealed = identity.seal(digits, pk=row.pk, subject=SUBJECT)
    row.save(update_fields=["number_sealed"])
    journal.record("mandate.signed", subject=row, text=str(row), unit_id=account.unit_id, by=by, now=now)
    return row


@transaction.atomic
def end(*, mandate, last_day, by, now, version=None):
    """The mandate ends with this day."""
    row = Mandate.objects.select_for_update(of=("self",)).select_related("account").get(pk=mandate.pk)
    if version is not None and row.version != version:
        raise Stale
    if row.period.lower > last_day:
        raise Refused(_("The last day lies before the first day."))
    row.period = DateRange(row.period.lower, last_day + timedelta(days=1))
    row.version += 1
    row.save(update_fields=["period", "version"])
    journal.record("mandate.ended", subject=row, text=str(row), unit_id=row.account.unit_id, by=by, now=now)


# --- to the bank --------------------------------------------------------------------------------------------


@transaction.atomic
def ask(*, layout, due_through, by, now):
    """Ask the bank for what is due by that day: one line an account with a mandate in force, none twice under way.

    (file, its bytes). The account numbers leave the house in it: that is logged.
    """
    estate = layout.estate
    today = ledger.today(estate, now)
    mandates = {
        row.account_id: row
        for row in Mandate.objects.select_for_update(of=("self",))
        .filter(estate=estate, period__contains=today)
        .exclude(account__in=Draft.objects.filter(estate=estate, state=Draft.State.SENT).values("account"))
        .select_related("account__unit")
        .order_by("account__unit__sort_key", "pk")
    }
    due: dict[int, Decimal] = {}
    for one in accounts_report.open_charges(list(mandates)):
        if one.due_on <= due_through:
            due[one.account_id] = due.get(one.account_id, Decimal(0)) + one.amount
    asked = [(row, due[account]) for account, row in mandates.items() if due.get(account)]
    if not asked:
        raise Refused(
            _(
                "Nothing is due by that day from accounts with a mandate, or all of it is with the bank already."
            )
        )
    file = BankFile.objects.create(
        estate=estate, purpose=Layout.Purpose.OUT, layout=layout, day=today, by=by, at=now, count=len(asked),
        total=sum(amount for _row, amount in asked), name="", digest=hashlib.sha256(f"{estate.pk} {now.isoformat()}".encode()).hexdigest(),
    )  # fmt: skip
    file.name = f"{estate.code}-{today:%Y%m%d}-{file.pk}.{layout.form}"
    file.save(update_fields=["name"])
    Draft.objects.bulk_create(
        [
            Draft(estate=estate, file=file, mandate=row, account_id=row.account_id, amount=amount, reference=f"D{file.pk}-{number}")
            for number, (row, amount) in enumerate(asked, start=1)
        ]
    )  # fmt: skip
    journal.record("mandate.asked", subject=file, text=file.name, by=by, now=now, data={"count": file.count, "amount": journal.money(file.total, estate.currency)})  # fmt: skip
    return file


def lines_of(*, file, by, now):
    """The lines of a file to the bank with their account numbers opened; who took it out is logged."""
    accesslog.log(
        what=accesslog.EXPORT, by=by, now=now, estate_id=file.estate_id, subject_kind=BankFile.SUBJECT,
        subject_id=file.pk, detail={"count": file.count, "as": file.layout.form},
    )  # fmt: skip
    return [
        {
            "reference": draft.reference, "holder": draft.mandate.holder, "bank": draft.mandate.bank,
            "number": identity.unseal(draft.mandate.number_sealed, pk=draft.mandate_id, subject=SUBJECT),
            "amount": draft.amount, "contract": draft.mandate.reference, "unit": draft.account.unit.code,
            "day": file.day, "text": "",
        }
        for draft in file.drafts.select_related("mandate", "account__unit").order_by("pk")
    ]  # fmt: skip


# --- and back -----------------------------------------------------------------------------------------------


@transaction.atomic
def results(*, layout, name, data, rows, by, now):
    """Book what the bank took, keep why the rest was not paid, list what nobody asked for. The same file changes nothing.

    (file, paid, failed, unmatched).
    """
    estate = layout.estate
    digest = hashlib.sha256(data).hexdigest()
    known = BankFile.objects.filter(estate=estate, purpose=Layout.Purpose.RESULTS, digest=digest).first()
    if known:
        return known, 0, 0, len(known.unmatched)
    said = _read(layout, rows)
    if not said:
        raise Refused(
            _("No result was found. Look at the layout: which columns, how many rows above the first line.")
        )
    file = BankFile.objects.create(
        estate=estate, purpose=Layout.Purpose.RESULTS, layout=layout, name=name[:200], digest=digest,
        day=ledger.today(estate, now), count=len(said), total=sum((one["amount"] or 0) for one in said), by=by, at=now,
    )  # fmt: skip
    drafts = {
        row.reference: row
        for row in Draft.objects.select_for_update(of=("self",))
        .filter(estate=estate, reference__in=[one["reference"] for one in said])
        .select_related("account__person", "mandate")
        .order_by("pk")
    }
    words = {fold(word) for word in re.split(r"[\s,，、]+", layout.success or "") if word}
    paid = failed = 0
    for one in said:
        draft = drafts.get(one["reference"])
        if draft is None or draft.state != Draft.State.SENT or (one["amount"] not in (None, draft.amount)):
            file.unmatched.append(_unmatched(one, draft))
            continue
        draft.result, draft.settled_on = file, one["day"]
        if fold(one["result"]) in words or (not words and not one["result"]):
            draft.state, draft.receipt = Draft.State.PAID, _paid(estate, draft, by, now)
            paid += 1
        else:
            draft.state, draft.reason = (
                Draft.State.FAILED,
                (one["why"] or one["result"] or _("no reason given"))[:200],
            )
            failed += 1
        draft.version += 1
        draft.save(update_fields=["state", "receipt", "reason", "result", "settled_on", "version"])
    file.save(update_fields=["unmatched"])
    journal.record("mandate.answered", subject=file, text=file.name, by=by, now=now, data={"paid": paid, "failed": failed, "unmatched": len(file.unmatched)})  # fmt: skip
    return file, paid, failed, len(file.unmatched)


def _read(layout, rows):
    found = []
    for number, row in enumerate(rows, start=1):
        cells = bank_files.cells(layout, row) if number > layout.header_rows else {}
        reference = str(cells.get("reference") or "").strip()
        if not reference:
            continue
        try:
            amount = bank_files.amount_of(cells.get("amount", ""), layout, number)
            day = bank_files.day_of(cells["day"], layout, number) if cells.get("day") else None
        except bank_files.BadCell as bad:
            raise Refused(str(bad)) from bad
        result, why = (str(cells.get(key) or "") for key in ("result", "why"))
        found.append({"row": number, "reference": reference, "amount": amount, "result": result, "why": why, "day": day})  # fmt: skip
    return found


def _unmatched(one, draft):
    if draft is None:
        why = _("nobody asked for this")
    elif draft.state != Draft.State.SENT:
        why = _("answered already")
    else:
        why = _("another amount than was asked for")
    return {"row": one["row"], "reference": one["reference"][:40], "amount": str(one["amount"] or ""), "said": one["result"][:60], "why": why}  # fmt: skip


def _paid(estate, draft, by, now):
    """The receipt of a draft the bank took: oldest debts first, what was paid otherwise meanwhile is prepaid."""
    left, charges = draft.amount, []
    for one in accounts_report.open_charges([draft.account_id]):
        part = min(left, one.amount)
        if part > 0:
            charges.append((one.charge_id, part))
            left -= part
    return payment.pay(
        estate=estate, payer=draft.mandate.holder, charges=charges, prepay=[(draft.account_id, left)] if left else [],
        methods={Entry.Method.MANDATE: draft.amount}, by=by, now=now, cashier=None, source=(SOURCE, draft.pk),
        key=f"{SOURCE}:{draft.pk}",
    )  # fmt: skip
