"""The left-hand navigation: workflows a person may open, and nothing else.

An item names a page. Who may open the page is declared at the page (`@may`), so an item can neither promise
what is refused nor forget what is allowed; a page that does not exist yet has no item.
"""

from dataclasses import dataclass
from functools import cache

from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, resolve, reverse
from django.utils.translation import gettext_lazy as _

from office import access


@dataclass(frozen=True)
class Entry:
    """A page of the navigation: URL name, words, icon of the sprite, keys that open it, which count it shows."""

    name: str
    label: object
    icon: str
    key: str = ""
    count: str = ""


SECTIONS = (
    (
        "",
        (
            Entry("home", _("Home"), "home-2", "g h"),
            Entry("owed", _("What I owe"), "list-check", "g o", count="overdue"),
            # Translators: 承諾看板
            Entry("office:board", _("Promises board"), "layout-dashboard", "g q"),
            # Translators: 履行率與按時率
            Entry("office:rates", _("Kept and on time"), "gauge"),
        ),
    ),
    (
        # Translators: 客戶服務中心
        _("Front desk"),
        (
            # Translators: 工作日誌
            Entry("tickets:reception", _("Reception log"), "clipboard-list", "g e"),
            # Translators: 交接班
            Entry("tickets:shifts", _("Shift hand-overs"), "repeat", "g t"),
        ),
    ),
    (
        # Translators: 報修
        _("Repairs"),
        (
            Entry("tickets:intake", _("New repair"), "phone-incoming", "g n"),
            Entry("tickets:my_work", _("My work"), "hammer", "g y"),
            # Translators: 工單
            Entry("tickets:list", _("Tickets"), "tool", "g w"),
            # Translators: 回訪
            Entry("tickets:callbacks", _("Callbacks"), "phone-call", "g c"),
            Entry("tickets:day", _("Crew's day"), "calendar-event", "g d"),
            Entry("tickets:slips", _("Returned slips"), "clipboard-check", "g s"),
            # Translators: 公共設施
            Entry("tickets:assets", _("Public facilities"), "tools"),
            # Translators: 保養
            Entry("tickets:upkeep", _("Maintenance"), "checklist"),
            Entry("tickets:dashboard", _("Dashboard"), "chart-bar", "g b"),
        ),
    ),
    (
        # Translators: 投訴
        _("Complaints"),
        (
            Entry("tickets:complaint_new", _("New complaint"), "message-2", "g x"),
            # Translators: 投訴
            Entry("tickets:complaints", _("All complaints"), "list", "g z"),
            # Translators: 投訴分析
            Entry("tickets:complaint_analysis", _("Analysis"), "chart-bar"),
        ),
    ),
    (
        # Translators: 收費
        _("Fees"),
        (
            # Translators: 收費賬户
            Entry("billing:accounts", _("Accounts"), "cash", "g f"),
            # Translators: 欠費
            Entry("billing:arrears", _("Arrears"), "hourglass", "g a"),
            # Translators: 收據
            Entry("billing:receipts", _("Receipts"), "receipt"),
            # Translators: 退款
            Entry("billing:refunds", _("Refunds"), "arrow-back-up"),
            # Translators: 上門收取
            Entry("billing:collections", _("Collections at the door"), "route"),
            # Translators: 日結
            Entry("billing:close_day", _("Close the day"), "lock"),
            # Translators: 日結單
            Entry("billing:closes", _("Day closes"), "checklist"),
            # Translators: 收款日記帳
            Entry("billing:cash_book", _("Cashier's book"), "book"),
            # Translators: 月結
            Entry("billing:close_period", _("Close the books"), "calendar-event"),
            # Translators: 計費
            Entry("billing:runs", _("Billing runs"), "repeat"),
            # Translators: 繳費通知單、對帳單
            Entry("billing:notices", _("Notices and statements"), "printer"),
            # Translators: 應收
            Entry("billing:charges", _("Charges"), "list"),
            # Translators: 分錄
            Entry("billing:entries", _("Ledger lines"), "list-details"),
            Entry("billing:figures", _("Figures of the fees"), "chart-bar"),
            # Translators: 收費標準
            Entry("billing:standards", _("Fee standards"), "file-text"),
            # Translators: 抄表
            Entry("billing:round", _("Reading round"), "route"),
            # Translators: 表計
            Entry("billing:meters", _("Meters"), "gauge"),
            # Translators: 銀行流水
            Entry("billing:statements", _("Bank lines"), "coin"),
            # Translators: 銀行委託
            Entry("billing:mandates", _("Bank mandates"), "file-text"),
            Entry("billing:tax_lines", _("For the tax system"), "file-spreadsheet"),
        ),
    ),
    (
        _("Register"),
        (
            # Translators: 房屋
            Entry("residents:units", _("Units"), "home", "g u"),
            # Translators: 住户
            Entry("residents:people", _("People"), "users", "g p"),
            # Translators: 樓棟
            Entry("residents:buildings", _("Buildings"), "building"),
        ),
    ),
    (
        # Translators: 門崗
        _("Gate"),
        (
            # Translators: 門崗查驗
            Entry("residents:gate", _("Check a slip"), "shield-check", "g g"),
            # Translators: 物品放行條
            Entry("residents:slips", _("Goods-release slips"), "package", "g l"),
            # Translators: 來訪登記
            Entry("residents:inside", _("Visitors inside"), "user-check", "g v"),
            # Translators: 來訪記錄
            Entry("residents:visitors", _("All visitors"), "list"),
            # Translators: 車輛
            Entry("residents:vehicles", _("Vehicles"), "car"),
            # Translators: 門禁卡
            Entry("residents:cards", _("Access cards"), "id"),
            # Translators: 鑰匙
            Entry("residents:keys", _("Keys"), "key", "g k"),
        ),
    ),
    (
        _("Office"),
        (
            # Translators: 訊息
            Entry("office:messages", _("Messages"), "mail"),
            # Translators: 空白表格
            Entry("office:sheets", _("Blank forms"), "printer"),
            # Translators: 匯入
            Entry("office:imports", _("Imports"), "file-import", "g i"),
            # Translators: 月度統計分析
            Entry("office:months", _("Monthly reports"), "report"),
            Entry("office:walls", _("Wallboards"), "device-mobile"),
            Entry("office:jobs", _("Long work"), "list-details", "g j"),
            Entry("office:reminders", _("Reminders"), "clock-play", "g r"),
            Entry("office:log", _("Journal"), "history"),
        ),
    ),
    (
        _("Administration"),
        (
            Entry("office:staff_list", _("Staff"), "user-check"),
            Entry("office:heads", _("Department heads"), "user"),
            # Translators: 小區
            Entry("office:estate_list", _("Estates"), "building-community"),
            Entry("office:settings", _("Settings"), "settings"),
        ),
    ),
)


def sections(request, counts):
    """[{label, items}] for the person of `request`; items are {label, url, icon, key, active, count}."""
    here = _here(request)
    drawn = []
    for label, entries in _opened(request.user):
        items = [
            {
                "label": entry.label,
                "url": url,
                "icon": entry.icon,
                "key": entry.key,
                "active": entry.name == here,
                "count": counts.get(entry.count) if entry.count else None,
            }
            for entry, url in entries
        ]
        drawn.append({"label": label, "items": items})
    return drawn


_OPENED: dict[tuple, list] = {}  # which pages a set of roles opens does not change while a process lives


def _opened(staff):
    """[(label, [(entry, address)])] of the pages `staff` may open."""
    urlconf, prefix = get_urlconf(), get_script_prefix()
    key = (urlconf, prefix, frozenset(posting.role for posting in staff.posting_list))
    if key not in _OPENED:
        found = []
        for label, entries in SECTIONS:
            pages = [(entry, *_page(urlconf, prefix, entry.name)) for entry in entries]
            mine = [(entry, url) for entry, url, view in pages if view and access.allowed(view, staff)]
            if mine:
                found.append((label, mine))
        _OPENED[key] = found
    return _OPENED[key]


@cache
def _page(urlconf, prefix, name):
    try:
        url = reverse(name)
    except NoReverseMatch:
        return None, None
    return url, resolve(url).func


NAMES = frozenset(entry.name for _label, entries in SECTIONS for entry in entries)


def _here(request):
    """The entry that stands for the page shown: itself, else the one whose address begins like this one."""
    match = getattr(request, "resolver_match", None)
    if match and match.view_name in NAMES:
        return match.view_name
    pages = {name: _page(get_urlconf(), get_script_prefix(), name)[0] for name in NAMES}
    begin = [
        name
        for name, url in pages.items()
        if url and name != "home" and request.path.startswith(url.rstrip("/") + "/")
    ]
    return max(begin, key=lambda name: len(pages[name]), default="")
