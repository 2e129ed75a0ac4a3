"""What single cells of an old ledger say: days whose order only the whole file tells, and rows that are none."""

import re
from dataclasses import dataclass
from datetime import date

from office import search
from office.imports import cells
from office.imports.sheets import Bad

# 05/03/2024, 5-3-24, 24.3.5: which part is the day, the month, the year, the file as a whole tells.
_THREE_PARTS = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4}|\d{2})(?:\s.*)?")
_MONTH = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?(?:份)?")
_PERIOD = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*月?(?:份)?(?:\D.*)?")
ORDERS = ("dmy", "mdy", "ymd")

OPENING = re.compile(
    r"(?:期初|年初|月初|上期|上年|上月|前期)(?:余额|结转|结余|余|欠费|数)|上[期年月]?结转|结转上[期年月]|承前|"
    r"^opening\b|opening balance|(?:brought|balance|b/?al(?:ance)?\.?) ?(?:b/?f|forward)|^b/?b?/?f\.?$|previous balance"
)
_TOTAL = re.compile(
    r"^(?:本?[日月年期页]?(?:小计|合计|累计|总计|共计))$|^本(?:日|月|年|期|页)(?:发生额|合计|累计|小计)?(?:及余额)?$|.*(?:小计|合计|总计|共计)[::]?$|"
    r"^(?:过次页|转下页|转次页|期末余额|期末结余|本期期末|结转下[期年月页])$|"
    r"^(?:sub|grand|page)?[ -]?totals?(?: for .*|:.*)?$|^closing balance$|^(?:carried|balance) ?(?:c/?f|(?:carried )?forward c/?f)$|^carried forward$|^c/f$"
)
_HEADING = re.compile(
    r"^(?:房号|房间号|单元|单元号|户号|客户|客户号|账户|账号|业主|unit|account(?: ?no\.?| number)?|customer|property)\s*[::]\s*(\S+)"
)
WAIVER = re.compile(r"减免|豁免|免收|waive|write[- ]?off|written off")
PAID = re.compile(r"收款|缴费|缴款|实收|付款|payment|receipt|\bpaid\b|thank you")
REFUND = re.compile(r"退款|退费|退还|退回|refund")
DEPOSIT = re.compile(r"押金|保证金|按金|deposit")
METHODS = (
    ("qr", re.compile(r"微信|支付宝|扫码|二维码|wechat|alipay|qr\b")),
    ("mandate", re.compile(r"托收|代扣|委托|direct debit|autopay|auto-?pay|giro")),
    ("card", re.compile(r"刷卡|银行卡|信用卡|pos机|\bpos\b|\bcard\b")),
    ("cheque", re.compile(r"支票|cheque|\bcheck\b")),
    ("cash", re.compile(r"现金|cash\b")),
)


@dataclass(frozen=True)
class Parts:
    """Three numbers of a day, in an order the file tells."""

    numbers: tuple
    said: str

    def in_order(self, order):
        """The date, or None when there is no such day."""
        values = dict(zip(order, self.numbers, strict=True))
        year = values["y"] + (0 if values["y"] > 99 else 2000)
        try:
            return date(year, values["m"], values["d"])
        except ValueError:
            return None


def loose_day():
    """A date, or Parts where two days can be meant; a month alone is its first day."""
    strict = cells.day()

    def parse(cell, place):
        if isinstance(cell, str):
            words = search.fold(cells.said(cell))
            if found := _THREE_PARTS.fullmatch(words):
                return Parts(tuple(map(int, found.groups())), words)
            if (found := _MONTH.fullmatch(words)) and 1 <= int(found[2]) <= 12:
                return date(int(found[1]), int(found[2]), 1)
            if re.fullmatch(r"\d{6}", words) and 1 <= int(words[4:]) <= 12 and 1950 <= int(words[:4]) <= 2100:
                return date(int(words[:4]), int(words[4:]), 1)
        return strict(cell, place)

    return parse


def month():
    """The first day of the month a charge is for: 2024-05, 202405, 2024年5月, 2024-05-31, May 2024."""
    strict = loose_day()

    def parse(cell, place):
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        words = search.fold(cells.said(str(cell) if isinstance(cell, int) else cell))
        if (found := _PERIOD.fullmatch(words)) and 1 <= int(found[2]) <= 12:
            return date(int(found[1]), int(found[2]), 1)
        try:
            day = strict(cell, place)
        except Bad:
            day = None
        if not isinstance(day, date):
            return None  # a name of a period that says no month: the row's own day decides
        return day.replace(day=1)

    return parse


def order_of(parts):
    """The orders of ORDERS in which all of these are days; () when there is none."""
    return tuple(order for order in ORDERS if all(_fits(one, order) and one.in_order(order) for one in parts))


def _fits(one, order):
    return order != "ymd" or one.numbers[2] < 100


def is_total(texts):
    """Whether one of these folded texts names a sum of rows above it."""
    return any(_TOTAL.match(text) for text in texts if len(text) < 40)


def heading(texts):
    """The account a line above its rows names: 房號：3-2-1201; "" when there is none."""
    for text in texts:
        if found := _HEADING.match(text):
            return found[1]
    return ""


def method_of(text):
    """How the old ledger says money came; what it does not say counts as a transfer."""
    return next((method for method, words in METHODS if words.search(text)), "transfer")
