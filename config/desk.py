"""The composition root: home, search and the frame are put together here from each app's reports."""

from dataclasses import dataclass, field

from django.conf import settings
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from office.access import may


@dataclass
class Frame:
    """What base.html draws around every page."""

    product: object = field(default_factory=lambda: settings.PRODUCT_NAME)
    language: str = ""
    languages: list = field(default_factory=lambda: settings.LANGUAGES)
    theme: str = ""
    person: object = None
    estate: object = None
    estates: list = field(default_factory=list)
    nav: list = field(default_factory=list)
    bell_count: int = 0
    banner: str = ""


def frame(request):
    """Context processor. Error pages may come without user or database, and get the bare frame."""
    drawn = Frame(language=get_language())
    cookie = request.COOKIES.get("theme", "")
    drawn.theme = cookie if cookie in ("light", "dark") else ""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"frame": drawn}
    drawn.person = user
    drawn.theme = user.theme or drawn.theme
    drawn.estate = getattr(request, "estate", None)
    drawn.estates = list({p.estate_id: p.estate for p in user.posting_list}.values())
    return {"frame": drawn}


@may("office.home")
@require_GET
def home(request):
    return render(request, "home.html")


@may("office.search")
@require_GET
def search(request):
    return render(request, "search.html")


@may("office.home")
@require_GET
def owed(request):
    return render(request, "home.html")
