"""Figures of the fees: every number opens exactly its lines (SPEC §6.12, §12)."""

from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing.columns.ledger import CHARGES, ENTRIES, HEADS, METHODS, with_open, with_sides
from billing.filters_ledger import OVERDUE, today_of
from billing.models import Charge, Entry
from billing.printouts import figures as sheets
from billing.reports import board as boards
from billing.reports import figures
from office import clocks, lists, money, printing
from office.access import may
from office.lists.estates import ALL, meant, over, readable, wide

READ, REPORTS = "billing.read", "billing.reports"
Head, Kind = Entry.Head, figures.Kind


def _month(text):
    try:
        day = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def span(request):
    """The months asked for by `?since=2026-01&until=2026-06`, else the last twelve."""
    asked = [_month(request.GET.get(name, "")) for name in ("since", "until")]
    return boards.span_of(asked, today_of(request))


def here(request, permission=REPORTS):
    if request.estate is None or not request.user.may(permission, request.estate.pk):
        raise Http404
    return request.estate


def scope(request):
    """(estates, query) of `?estate=all`: all one reads figures of, in the currency of the one in view."""
    estate = here(request)
    if request.GET.get("estate") != ALL:
        return [estate], {}
    found = [row for row in readable(request.user, REPORTS) if row.currency == estate.currency]
    return found, {"estate": [row.pk for row in found]}


class Links:
    """Addresses of the lines behind the figures."""

    def __init__(self, first, last, query):
        self.query = query
        self.months = {"period_from": f"{first:%Y-%m}", "period_to": f"{last:%Y-%m}"}
        end = clocks.add_months(last, 1) - timedelta(days=1)
        self.days = {"day_from": first.isoformat(), "day_to": end.isoformat()}

    def charges(self, **query):
        return self._to("billing:charges", query)

    def entries(self, **query):
        return self._to("billing:entries", query)

    def _to(self, name, query):
        return f"{reverse(name)}?{urlencode(self.query | query, doseq=True)}"

    def collection(self, **query):
        """(charged, collected, waived, open) of the months, or of what `query` narrows them to."""
        lines = {"head": Head.RECEIVABLE, "deposits": "no", **self.months, **query}
        return (
            self.entries(**lines, kind=[str(kind) for kind in figures.CHARGED]),
            self.entries(**lines, kind=[str(kind) for kind in figures.COLLECTED]),
            self.entries(**lines, kind=Kind.WAIVER),
            self.charges(**{"state": "open", "deposits": "no", **self.months, **query}),
        )


@may(REPORTS)
@require_GET
def dashboard(request):
    estates, query = scope(request)
    first, last = span(request)
    found = boards.board(estates, first, last, today_of(request))
    links = Links(first, last, query)
    show = _shown(request.estate.currency)
    context = {
        "since": f"{first:%Y-%m}",
        "until": f"{last:%Y-%m}",
        "everywhere": bool(query),
        "several": len(readable(request.user, REPORTS)) > 1,
        "tiles": _tiles(found, links, show, bool(query)),
        "charts": [
            _collection_chart("month", _("Collected by month"), _("Month"), _by_month(found), links),
            _ages_chart(found, links),
            _collection_chart("item", _("Collected by item"), _("Item"), _by_item(found), links, horizontal=True),
            _ages_by("item", _("Owed by item and age"), _("Item"), _ordered(found.ages_by_item, found.item_names), "item", links),
            _collection_chart("building", _("Collected by building"), _("Building"), _by_building(found), links, horizontal=True, tall=True),
            _ages_by("building", _("Owed by building and age"), _("Building"), _ordered(found.ages_by_building, found.building_names), "building", links, tall=True),
            _income_chart("income", _("Income by item"), found.income, found, links, Head.INCOME),
            _income_chart("agency", _("Collected for others, by item"), found.agency, found, links, Head.AGENCY),
            _method_chart(found, links),
        ],
        "debtors": [_debtor(row, show) for row in figures.debtors([estate.pk for estate in estates])],
        "sheets": [(_sheet_address(key, first, last), words) for key, words in sheets.TITLES.items()],
    }  # fmt: skip
    return render(request, "billing/figures.html", context)


def _sheet_address(key, first, last):
    query = {"sheet": key, "since": f"{first:%Y-%m}", "until": f"{last:%Y-%m}"}
    return f"{reverse('billing:figures_sheet')}?{urlencode(query)}"


def _shown(currency):
    return lambda amount: money.show(amount, currency)


def _tile(label, value, href, tone="", icon="", hint=""):
    return {"label": label, "value": value, "href": href, "tone": tone, "icon": icon, "hint": hint}


def _percent(rate):
    return "–" if rate is None else f"{rate} %".replace(".0 %", " %")


def _tiles(found, links, show, several):
    whole = found.whole
    charged, collected, waived, still = links.collection()
    booked = links.days
    held = {
        # Translators: 預存款
        "prepaid": (_("Prepaid"), links.entries(head=Head.PREPAID) if several else f"{reverse('billing:accounts')}?owed=prepaid"),
        # Translators: 押金
        "deposits": (_("Deposits held"), links.entries(head=Head.DEPOSIT) if several else f"{reverse('billing:accounts')}?owed=deposits"),
        "pending": (_("Deposits not yet paid"), links.entries(head=Head.PENDING)),
    }  # fmt: skip
    for_months = _("for these months")
    in_months = _("booked in these months")
    return [
        # Translators: 應收
        _tile(_("Charged"), show(whole.charged), charged, "", "list", for_months),
        # Translators: 實收
        _tile(_("Collected"), show(whole.collected), collected, "good", "circle-check",
              _("%(rate)s of what was charged") % {"rate": _percent(whole.rate)}),
        # Translators: 減免
        _tile(_("Waived"), show(whole.waived), waived, "", "minus", for_months),
        _tile(_("Still open"), show(whole.open), still, "today" if whole.open else "good", "hourglass", for_months),
        # Translators: 逾期
        _tile(_("Overdue today"), show(found.overdue), links.charges(age=OVERDUE), "late" if found.overdue else "good", "urgent"),
        _tile(_("Not yet due"), show(found.not_due), links.charges(age=figures.NOT_DUE), "", "clock"),
        _tile(_("Money received"), show(sum(found.money.values(), figures.NOTHING)), links.entries(head=Head.MONEY, **booked), "", "cash", in_months),
        _tile(_("Income"), show(sum(found.income.values(), figures.NOTHING)), links.entries(head=Head.INCOME, **booked), "", "report", in_months),
        # Translators: 代收代辦
        _tile(_("Collected for others"), show(sum(found.agency.values(), figures.NOTHING)), links.entries(head=Head.AGENCY, **booked), "", "repeat", in_months),
        *(_tile(words, show(found.held[key]), href, "", "cash", _("held today") if key != "pending" else _("charged until today")) for key, (words, href) in held.items()),
    ]  # fmt: skip


def _chart(key, title, head, series, rows, **more):
    return {"id": f"chart-{key}", "title": title, "head": head, "series": series, "rows": rows, **more}


def _by_month(found):
    return [
        (f"{month:%Y-%m}", row, {"period_from": f"{month:%Y-%m}", "period_to": f"{month:%Y-%m}"})
        for month, row in sorted(found.months.items())
    ]


def _ordered(groups, names):
    """[(words, group, key)] in the order of the names, what has none last."""
    order = {key: place for place, key in enumerate(sorted(names, key=lambda key: str(names[key])))}
    keys = sorted(groups, key=lambda key: order.get(key, len(order)))
    return [(names.get(key) or _("none"), groups[key], key) for key in keys]


def _by_item(found):
    return [(words, row, {"item": key}) for words, row, key in _ordered(found.items, found.item_names)]


def _by_building(found):
    return [
        (words, row, _at("building", key))
        for words, row, key in _ordered(found.buildings, found.building_names)
    ]


def _at(name, which):
    return {name: which} if which else {f"no_{name}": "true"}


def _collection_chart(key, title, head, groups, links, **more):
    rows = []
    for words, row, query in groups:
        _charged, collected, waived, still = links.collection(**query)
        label = f"{words} · {_percent(row.rate)}"
        rows.append((label, [row.collected, row.waived, row.open], [collected, waived, still]))
    # Translators: 實收
    series = [_("collected"), _("waived"), _("still open")]
    return _chart(key, title, head, series, rows, stacked=True, tones=["good", "quiet", "late"], **more)


def _age_words():
    return {
        figures.NOT_DUE: _("not yet due"),
        **{key: str(words) for key, words, _first, _last in figures.AGES},
    }


def _ages_chart(found, links):
    rows = [
        (words, [found.ages.get(age, figures.NOTHING)], [links.charges(age=age)])
        for age, words in _age_words().items()
    ]
    # Translators: 帳齡
    return _chart("ages", _("Owed by age"), _("Age"), [_("owed")], rows)


def _ages_by(key, title, head, groups, name, links, **more):
    ages = _age_words()
    rows = [
        (
            words,
            [group.get(age, figures.NOTHING) for age in ages],
            [links.charges(age=age, **_at(name, which)) for age in ages],
        )
        for words, group, which in groups
    ]
    return _chart(
        f"ages-{key}", title, head, list(ages.values()), rows, stacked=True, horizontal=True, **more
    )


def _income_chart(key, title, amounts, found, links, head):
    rows = [
        (words, [amount], [links.entries(head=head, item=code, **links.days)])
        for words, amount, code in _ordered(amounts, found.item_names)
    ]
    return _chart(key, title, _("Item"), [_("booked")], rows, horizontal=True)


def _method_chart(found, links):
    rows = [
        (str(METHODS[name]), [found.money[name]], [links.entries(head=Head.MONEY, method=name, **links.days)])
        for name in METHODS
        if name in found.money
    ]
    return _chart("methods", _("Money by method"), _("Method"), [_("received")], rows)


def _debtor(row, show):
    return {
        "unit": row.unit.code,
        "name": row.person.local_name,
        "owed": show(row.owed),
        "href": reverse("billing:account", args=[row.pk]),
    }


@may(REPORTS)
@require_GET
def sheet(request):
    """A report on paper: collection, ageing or income of the estate in view."""
    estate, which = here(request), request.GET.get("sheet", "collection")
    if which not in sheets.TITLES:
        raise Http404
    first, last = span(request)
    found = boards.board([estate], first, last, today_of(request))
    return printing.answer(sheets.of_board(which, found, estate=estate))


@may(REPORTS)
@require_GET
def balance(request):
    """The trial balance 試算表: every head's sum, together nothing, and kept figures against the entries."""
    estate = here(request)
    proof = figures.proof(estate)
    show = _shown(estate.currency)
    context = {
        "proof": proof,
        "heads": [
            {
                "name": str(HEADS[head]),
                "debit": show(total) if total > 0 else "",
                "credit": show(-total) if total < 0 else "",
                "href": f"{reverse('billing:entries')}?{urlencode({'head': head})}",
            }
            for head, total in proof.heads.items()
        ],
        "debits": show(sum((total for total in proof.heads.values() if total > 0), figures.NOTHING)),
        "credits": show(-sum((total for total in proof.heads.values() if total < 0), figures.NOTHING)),
        "differences": [
            {"what": _difference(what), "which": which, "kept": show(kept), "booked": show(booked)}
            for what, which, kept, booked in proof.differences
        ],
        "total": show(proof.total),
    }
    return render(request, "billing/balance.html", context)


def _difference(what):
    return {
        "voucher": _("The lines of a booking do not sum to zero"),
        "account": _("What an account is said to owe or hold differs from its lines"),
        "open charge": _("What is said to be open of a charge differs from its lines"),
        "charge": _("A charge and what was booked for it differ"),
        "sum of a month": _("A month's sum differs from its lines"),
        "sum by age": _("A sum of what is owed differs from its lines"),
    }[what]


@may(READ)
@require_http_methods(["GET", "POST"])
def charges(request):
    rows = with_open(meant(request, Charge, READ))
    return lists.render(request, over(CHARGES, wide(request)), rows)


@may(READ)
@require_http_methods(["GET", "POST"])
def entries(request):
    rows = with_sides(meant(request, Entry, READ))
    return lists.render(request, over(ENTRIES, wide(request)), rows)
