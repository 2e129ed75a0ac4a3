"""How bank files are laid out: which cell is what, how days and amounts are written (SPEC §6.7). A layout is a row."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Layout
from office import search
from office.formulas import guarded
from office.money import round_half_up

P = Layout.Purpose
FIELDS = {
    P.OUT: ("reference", "holder", "bank", "number", "amount", "contract", "unit", "day", "text"),
    P.RESULTS: ("reference", "amount", "result", "why", "day"),
    P.STATEMENT: ("day", "amount", "side", "income", "payer", "number", "text", "reference"),
}
NEEDED = {P.OUT: ("reference", "number", "amount"), P.RESULTS: ("reference",), P.STATEMENT: ("day",)}
LABELS = {
    "reference": gettext_lazy("reference"),
    "holder": gettext_lazy("account holder"),
    "bank": gettext_lazy("bank"),
    "number": gettext_lazy("bank account number"),
    "amount": gettext_lazy("amount"),
    "contract": gettext_lazy("contract number"),
    "unit": gettext_lazy("unit"),
    "day": gettext_lazy("day"),
    "text": gettext_lazy("text"),
    "result": gettext_lazy("result"),
    "why": gettext_lazy("why not"),
    "side": gettext_lazy("in or out"),
    "income": gettext_lazy("incoming amount"),
    "payer": gettext_lazy("payer"),
}
INCOMING = {"贷", "贷方", "收", "收入", "转入", "来账", "c", "cr", "credit", "in", "+"}
_CODE = re.compile(
    r"[0-9]+(?:[-#－座栋棟幢号號楼樓层層室单單元]{1,2}[0-9a-z]+)+室?|[a-z][0-9]?[-座栋棟][0-9a-z]+(?:-[0-9a-z]+)*"
)


class BadCell(Exception):
    """A cell of a bank file that cannot be read, said with its place."""


@dataclass(frozen=True)
class Money:
    """An incoming line of a statement."""

    row: int
    day: date
    amount: Decimal
    payer: str = ""
    number: str = ""
    text: str = ""
    reference: str = ""


def place(letters):
    """A → 0, AA → 26."""
    found = 0
    for letter in letters.upper():
        found = found * 26 + ord(letter) - 64
    return found - 1


def cells(layout, row):
    """{field: text} of a row, as the layout places them."""
    found = {}
    for name, letters in layout.columns.items():
        index = place(letters)
        cell = row[index] if 0 <= index < len(row) else ""
        found[name] = cell if isinstance(cell, (date, datetime, int, float)) else str(cell).strip()
    return found


def day_of(cell, layout, where):
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = str(int(cell)) if isinstance(cell, float) else str(cell)
    for form in (layout.date_form, "%Y-%m-%d", "%Y%m%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(text[:10].strip() if "H" not in form else text, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise BadCell(_("Row %(row)s: “%(said)s” is no day.") % {"row": where, "said": text[:20]})


def amount_of(cell, layout, where):
    """The amount of a cell with its sign, two places; None where it is empty."""
    text = search.fold(str(cell)).replace(",", "").replace(" ", "").lstrip("¥￥")
    if text in ("", "-"):
        return None
    minus = text.startswith("(") and text.endswith(")")
    try:
        value = Decimal(text.strip("()"))
    except ArithmeticError:
        raise BadCell(
            _("Row %(row)s: “%(said)s” is no amount.") % {"row": where, "said": text[:20]}
        ) from None
    if not value.is_finite():
        raise BadCell(_("Row %(row)s: “%(said)s” is no amount.") % {"row": where, "said": text[:20]})
    value = value / 100 if layout.in_cents else value
    return round_half_up(-value if minus else value)


def incoming(layout, rows):
    """([Money], how many rows were outgoing or empty) of a statement's rows; `rows` from the sheet's first one."""
    found, other = [], 0
    for number, row in enumerate(rows, start=1):
        if number <= layout.header_rows or not any(str(cell).strip() for cell in row):
            continue
        said = cells(layout, row)
        if not said.get("day"):
            other += 1
            continue
        amount = amount_of(said.get("income") or said.get("amount") or "", layout, number)
        if amount is not None and layout.sign == Layout.Sign.MINUS:
            amount = -amount
        if layout.sign == Layout.Sign.COLUMN and search.fold(str(said.get("side", ""))) not in INCOMING:
            amount = None
        if amount is None or amount <= 0:
            other += 1
            continue
        found.append(
            Money(
                number, day_of(said["day"], layout, number), amount, _words(said.get("payer"), 120),
                _digits(said.get("number")), _words(said.get("text"), 300), _words(said.get("reference"), 80),
            )
        )  # fmt: skip
    return found, other


def _words(cell, most):
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell or "").split())[:most]


def _digits(cell):
    return re.sub(r"[^0-9A-Za-z*]", "", _words(cell, 60))


def codes_in(text):
    """Unit codes that stand in a text, as the search box keeps them."""
    found = []
    for said in _CODE.findall(search.fold(text)):
        key = "-".join(search.code_parts(said))
        if key.count("-") and key not in found:
            found.append(key)
    return found[:8]


def payer_key(name):
    """A payer's name as people's names are kept for searching."""
    return next((key for kind, key in search.keys_of_name(name, "") if kind == "name"), "")[:120]


def table(layout, lines):
    """The rows of a file that goes out: a head row for each row above the first line, then a row per line."""
    order = sorted(layout.columns.items(), key=lambda pair: place(pair[1]))
    width = place(order[-1][1]) + 1 if order else 0
    rows = []
    for number in range(layout.header_rows):
        head = [""] * width
        for name, letters in order:
            head[place(letters)] = str(LABELS[name]) if number == layout.header_rows - 1 else ""
        rows.append(head)
    for line in lines:
        row = [""] * width
        for name, letters in order:
            row[place(letters)] = _written(name, line.get(name, ""), layout)
        rows.append(row)
    return rows


def _written(name, value, layout):
    if name == "amount":
        return f"{int(value * 100)}" if layout.in_cents else f"{value:.2f}"
    if isinstance(value, date):
        return value.strftime(layout.date_form)
    return str(value)


def as_csv(layout, rows):
    """The file's bytes; a cell that looks like a formula stays text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=layout.separator or ",", lineterminator="\r\n")
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode(layout.encoding, "replace")


def as_xlsx(rows):
    """The same as a workbook; every cell is text, so that account numbers keep their digits."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place_of, cell in enumerate(row):
            sheet.write_string(number, place_of, cell)
    book.close()
    return out.getvalue()
