"""The composition root: home, search and the frame are put together here from each app's reports."""

from django.conf import settings
from django.db import DatabaseError
from django.shortcuts import redirect, render
from django.urls import get_script_prefix, get_urlconf
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from billing.reports import desk as billing
from billing.reports import meters
from config import find, navigation, what_is_owed
from office import reports
from office.access import may
from residents import reports as residents
from residents.reports import archive, gate
from residents.reports import messages as letters
from tickets import reports as tickets
from tickets.reports import complaint_card, reception

# The rooms of the household page, one line each: a module with `card`, `starts` and `KINDS` (office/cards.py).
ROOMS = (
    residents,
    tickets,
    complaint_card,
    billing,
    reception,
    gate,
    meters,
    archive,
    letters,
)


class Frame:
    """What base.html draws around every page. Worked out when it is drawn: fragments pay for none of it."""

    def __init__(self, request):
        self.request = request
        self.product = settings.PRODUCT_NAME
        self.language = get_language()
        self.languages = settings.LANGUAGES
        self.theme = request.COOKIES.get("theme", "")
        self.theme = self.theme if self.theme in ("light", "dark") else ""
        self.single_keys, self.estate = True, getattr(request, "estate", None)
        try:
            user = getattr(request, "user", None)
            self.person = user if user is not None and user.is_authenticated else None
        except DatabaseError:  # an error page about the database must not ask it
            self.person = None
        if self.person:
            self.theme = self.person.theme or self.theme
            self.single_keys = self.person.single_keys

    @cached_property
    def estates(self):
        return list({p.estate_id: p.estate for p in self.person.posting_list}.values()) if self.person else []

    @cached_property
    def counts(self):
        try:
            return reports.desk_counts(self.person, self.request.now) if self.person else {}
        except DatabaseError:
            return {}

    @property
    def banner(self):
        """What everybody must know on every page: that nothing reminds at the moment."""
        return reports.silence(self.counts.get("unswept", 0))

    @property
    def bell_count(self):
        return self.counts.get("bell", 0)

    @cached_property
    def nav(self):
        return navigation.sections(self.request, self.counts) if self.person and self.estates else []

    # What each piece of the frame depends on (`{% kept %}`); None draws it anew.

    @cached_property
    def place_key(self):
        return get_urlconf(), get_script_prefix()

    @cached_property
    def nav_key(self):
        items = tuple(
            (item["url"], item["active"], item["count"]) for part in self.nav for item in part["items"]
        )
        return *self.place_key, self.language, self.theme, items

    @cached_property
    def top_key(self):
        if self.request.GET.get("q") or not self.person:
            return None
        estates = tuple((estate.pk, estate.local_name) for estate in self.estates)
        estate = self.estate and self.estate.pk
        shown = (str(self.person), self.theme, self.bell_count, bool(self.nav), estate, estates)
        return *self.place_key, self.language, *shown


def frame(request):
    """Context processor. Error pages may come without user or database, and get the bare frame."""
    return {"frame": Frame(request)}


@may("office.home")
@require_GET
def home(request):
    return render(request, "home.html", what_is_owed.context(request))


@may("office.search")
@require_GET
def search(request):
    """Suggestions under the box for htmx; a page otherwise, or straight to the only hit."""
    typed = request.GET.get("q", "").replace("\0", "").strip()[:100]
    box = request.htmx and not request.htmx.boosted
    limit = find.SUGGESTED if box else find.LISTED
    groups, address = find.answer(request.user, typed, timezone.localdate(), limit) if typed else ([], "")
    full = sum(len(group.hits) for group in groups) == limit
    context = {"typed": typed, "groups": groups, "full": full, "limit": limit, "search_page": True}
    if box:
        return render(request, "search.html#search-hits", context | {"place": "-box"})
    if address:
        return redirect(address)
    return render(request, "search.html", context)


@may("office.home")
@require_GET
def owed(request):
    return render(request, "home.html", what_is_owed.context(request, everything=True))
