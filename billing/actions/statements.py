"""Bank statements: kept as they came, matched in one statement, booked once per line (SPEC §6.7)."""

import hashlib
from collections import Counter
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.actions import ledger, payment
from billing.models import Account, BankFile, Entry, KnownPayer, Layout, StatementLine
from billing.reports import accounts as accounts_report
from billing.rules import bank_files
from office import identity, jobs, journal
from office.refusals import Refused, Stale

S = StatementLine.State
AT_ONCE = 100  # lines booked while the person waits; more are a Job
SOURCE = "statement_line"


# --- the file -----------------------------------------------------------------------------------------------


@transaction.atomic
def bring_in(*, layout, name, data, rows, by, now):
    """Keep the incoming lines of a statement and match them. (file, how many lines are new, how many rows are not incoming).

    The same file, and the same line in another file, changes nothing.
    """
    estate = layout.estate
    try:
        found, other = bank_files.incoming(layout, rows)
    except bank_files.BadCell as bad:
        raise Refused(str(bad)) from bad
    if not found:
        raise Refused(
            _(
                "No incoming amount was found. Look at the layout: which columns, how many rows above the first line."
            )
        )
    digest = hashlib.sha256(data).hexdigest()
    if known := BankFile.objects.filter(
        estate=estate, purpose=Layout.Purpose.STATEMENT, digest=digest
    ).first():
        return known, 0, other
    file = BankFile.objects.create(
        estate=estate, purpose=Layout.Purpose.STATEMENT, layout=layout, name=name[:200], digest=digest,
        day=ledger.today(estate, now), count=len(found), total=sum(one.amount for one in found), by=by, at=now,
    )  # fmt: skip
    before = StatementLine.objects.filter(estate=estate).count()
    seen: Counter = Counter()
    StatementLine.objects.bulk_create(
        [_line(estate, file, one, seen) for one in found], ignore_conflicts=True, batch_size=2000
    )
    new = StatementLine.objects.filter(estate=estate).count() - before
    match(estate=estate, file=file)
    journal.record(
        "statement.received",
        subject=file,
        text=file.name,
        by=by,
        now=now,
        data={"count": new, "of": len(found)},
    )
    return file, new, other


def _line(estate, file, one, seen):
    plain = "|".join((str(one.day), str(one.amount), one.payer, one.number, one.text, one.reference))
    seen[plain] += 1
    return StatementLine(
        estate=estate, file=file, number=one.row, day=one.day, amount=one.amount, payer=one.payer,
        payer_key=bank_files.payer_key(one.payer) if one.payer else "",
        payer_index=identity.blind(one.number) if one.number and "*" not in one.number else "",
        payer_tail=one.number[-4:], text=one.text, reference=one.reference,
        codes=bank_files.codes_in(f"{one.text} {one.reference}"),
        key=hashlib.sha256(f"{plain}|{seen[plain]}".encode()).hexdigest(),
    )  # fmt: skip


# --- matching -----------------------------------------------------------------------------------------------

# Who is remembered for this name or number, whose mandate it is, whose unit stands in the text, who is called so; the
# exact amount owed strengthens each, and alone it says "perhaps". Two accounts that fit equally well are no proposal.
MATCH = """
WITH lines AS (
  SELECT id, amount, payer_key, payer_index, codes FROM billing_statementline
   WHERE estate_id = %(estate)s AND state IN ('open', 'proposed') AND (%(file)s::bigint IS NULL OR file_id = %(file)s)
), hits AS (
  SELECT l.id, k.account_id, 6 AS points, 'remembered' AS why FROM lines l
    JOIN billing_knownpayer k ON k.estate_id = %(estate)s AND k.kind = 'name' AND k.key = l.payer_key
   WHERE l.payer_key <> ''
  UNION SELECT l.id, k.account_id, 6, 'remembered' FROM lines l
    JOIN billing_knownpayer k ON k.estate_id = %(estate)s AND k.kind = 'number' AND k.key = l.payer_index
   WHERE l.payer_index <> ''
  UNION SELECT l.id, m.account_id, 5, 'account' FROM lines l
    JOIN billing_mandate m ON m.estate_id = %(estate)s AND m.number_index = l.payer_index
   WHERE l.payer_index <> ''
  UNION SELECT l.id, a.id, 3, 'code' FROM lines l CROSS JOIN LATERAL jsonb_array_elements_text(l.codes) c(code)
    JOIN office_searchkey s ON s.estate_id = %(estate)s AND s.subject_kind = 'unit' AND s.kind = 'code' AND s.key = c.code
    JOIN billing_account a ON a.unit_id = s.subject_id
  UNION SELECT l.id, a.id, 2, 'name' FROM lines l
    JOIN office_searchkey s ON s.estate_id = %(estate)s AND s.subject_kind = 'person' AND s.kind = 'name'
     AND s.key = l.payer_key
    JOIN billing_account a ON a.person_id = s.subject_id AND a.estate_id = %(estate)s
   WHERE l.payer_key <> ''
  UNION SELECT l.id, o.account_id, 2, 'amount' FROM lines l JOIN (
    SELECT min(id) AS account_id, owed FROM billing_account WHERE estate_id = %(estate)s AND owed > 0
     GROUP BY owed HAVING count(*) = 1
  ) o ON o.owed = l.amount
), scored AS (
  SELECT h.id, h.account_id, sum(h.points) + CASE WHEN a.owed = l.amount AND NOT bool_or(h.why = 'amount') THEN 2 ELSE 0 END AS points,
         array_agg(DISTINCT h.why) || CASE WHEN a.owed = l.amount AND NOT bool_or(h.why = 'amount') THEN ARRAY['amount'] ELSE '{}' END AS why,
         a.owed > 0 AS owes
    FROM hits h JOIN lines l ON l.id = h.id JOIN billing_account a ON a.id = h.account_id
   GROUP BY h.id, h.account_id, a.owed, l.amount
), ranked AS (
  SELECT *, row_number() OVER w AS place, count(*) OVER (PARTITION BY id, points, owes) AS alike FROM scored
  WINDOW w AS (PARTITION BY id ORDER BY points DESC, owes DESC, account_id)
), best AS (
  SELECT id, account_id, why, CASE WHEN points >= 5 THEN 3 WHEN points >= 3 THEN 2 ELSE 1 END AS sure
    FROM ranked WHERE place = 1 AND alike = 1
)
UPDATE billing_statementline t SET state = CASE WHEN b.id IS NULL THEN 'open' ELSE 'proposed' END,
       account_id = b.account_id, sure = b.sure, why = coalesce(to_jsonb(b.why), '[]'), version = t.version + 1
  FROM lines l LEFT JOIN best b ON b.id = l.id
 WHERE t.id = l.id AND t.state IN ('open', 'proposed')
   AND (t.account_id, t.sure, t.why) IS DISTINCT FROM (b.account_id, b.sure::smallint, coalesce(to_jsonb(b.why), '[]'))
"""


def match(*, estate, file=None):
    """Propose an account for every line that is not decided, in one statement; how many lines changed."""
    with connection.cursor() as cursor:
        cursor.execute(MATCH, {"estate": estate.pk, "file": file.pk if file else None})
        return cursor.rowcount


# --- deciding -----------------------------------------------------------------------------------------------


def book(*, line, by, now):
    """Book a proposed line: the oldest debts of its account first, the rest is prepaid."""
    return assign(line=line, shares=[(line.account_id, line.amount)], by=by, now=now)


@transaction.atomic
def assign(*, line, shares, by, now, remember=False, version=None):
    """Book a line on these accounts ([(account id, amount)]); the amounts come to the line's. One receipt.

    With `remember` the next line of the same payer goes to the first of them.
    """
    row = _locked(line, version)
    shares = [(account, Decimal(amount)) for account, amount in shares if amount]
    if not shares or sum(amount for _account, amount in shares) != row.amount:
        raise Refused(_("The shares do not come to the amount of the line."))
    accounts = {one.pk: one for one in Account.objects.filter(estate_id=row.estate_id, pk__in=[pk for pk, _amount in shares]).select_related("person", "unit")}  # fmt: skip
    if len(accounts) < len({pk for pk, _amount in shares}):
        raise Refused(_("There is no such account here."))
    charges, prepay = _settled(shares)
    receipt = payment.pay(
        estate=row.estate, payer=row.payer or accounts[shares[0][0]].person.name, charges=charges, prepay=prepay,
        methods={Entry.Method.TRANSFER: row.amount}, by=by, now=now, cashier=None, source=(SOURCE, row.pk),
        key=f"{SOURCE}:{row.pk}",
    )  # fmt: skip
    row.state, row.receipt, row.account_id = S.POSTED, receipt, shares[0][0]
    _decide(row, by, now)
    if remember:
        _remember(row, by, now)
    return receipt


def _settled(shares):
    """(charges, prepayments): the oldest debts of each account as far as its share goes."""
    charges, prepay = [], []
    found: dict = {}
    for one in accounts_report.open_charges([pk for pk, _amount in shares]):
        found.setdefault(one.account_id, []).append(one)
    for account, amount in shares:
        left = amount
        for one in found.get(account, ()):
            part = min(left, one.amount)
            if part > 0:
                charges.append((one.charge_id, part))
                left -= part
        if left:
            prepay.append((account, left))
    return charges, prepay


@transaction.atomic
def ignore(*, line, reason, by, now, version=None):
    """Leave a line aside: it is no fee of ours. It can be taken up again."""
    row = _locked(line, version)
    if not (reason or "").strip():
        raise Refused(_("Give the reason."))
    row.state, row.reason, row.account, row.sure, row.why = S.IGNORED, reason.strip()[:200], None, None, []
    _decide(row, by, now)
    journal.record("statement.ignored", subject=row, text=row.reference or f"#{row.pk}", by=by, now=now)


@transaction.atomic
def take_up(*, line, by, now):
    """A line that was left aside is worked off after all."""
    row = StatementLine.objects.select_for_update().get(pk=line.pk)
    if row.state != S.IGNORED:
        raise Stale
    row.state, row.reason = S.OPEN, ""
    _decide(row, by, now)
    match(estate=row.estate, file=row.file)


def _locked(line, version):
    row = StatementLine.objects.select_for_update(of=("self",)).select_related("estate").get(pk=line.pk)
    if row.state == S.POSTED:
        raise Refused(_("This line is booked already."))
    if row.state == S.IGNORED:
        raise Refused(_("This line was left aside."))
    if version is not None and row.version != version:
        raise Stale
    return row


def _decide(row, by, now):
    row.by, row.decided_at, row.version = by, now, row.version + 1
    row.save(
        update_fields=["state", "receipt", "account", "sure", "why", "reason", "by", "decided_at", "version"]
    )


def _remember(row, by, now):
    values = {"account_id": row.account_id, "by": by, "at": now}
    for kind, key, shown in (
        ("number", row.payer_index, f"•••• {row.payer_tail}"),
        ("name", row.payer_key, row.payer),
    ):
        if key:
            KnownPayer.objects.update_or_create(
                estate_id=row.estate_id, kind=kind, key=key, defaults={**values, "shown": shown[:120]}
            )
            return


# --- many ---------------------------------------------------------------------------------------------------


def book_many(*, estate, ids, by, now):
    """Book proposed lines after a look. (how many, sentences of those refused, the Job when they are many)."""
    ids = list(
        StatementLine.objects.filter(estate=estate, pk__in=ids, state=S.PROPOSED)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if len(ids) > AT_ONCE:
        job = jobs.start(
            "billing.statement", title=_("Book %(n)s bank lines") % {"n": len(ids)}, estate=estate, by=by, now=now,
            args={"ids": ids},
        )  # fmt: skip
        return 0, [], job
    done, refused = 0, []
    for pk in ids:
        sentence = _book_one(pk, by, now)
        refused += [sentence] if sentence else []
        done += not sentence
    return done, refused, None


def _book_one(pk, by, now):
    """None, or why the line was not booked."""
    try:
        with transaction.atomic():
            line = StatementLine.objects.get(pk=pk)
            if line.state == S.PROPOSED:
                book(line=line, by=by, now=now)
    except Refused as refusal:
        return str(refusal.sentence)
    except IntegrityError:
        return _("This line is booked already.")
    return None


def run(job):
    """The Job: every line by itself, so that one refused line keeps no other back."""
    job.total = len(job.args["ids"])
    for number, pk in enumerate(job.args["ids"], start=1):
        if sentence := _book_one(pk, job.by, timezone.now()):
            jobs.row_error(job, str(pk), sentence)
        jobs.progress(job, number, job.total)
