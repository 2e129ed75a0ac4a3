"""Blank forms 空白表格: every sheet of the office, to be filled in by hand when the screen is elsewhere."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import autodiscover_modules
from django.views.decorators.http import require_GET

from office import printing
from office.access import may
from office.models.places import LANGUAGES


def _forms():
    autodiscover_modules("printouts")
    return dict(sorted(printing.FORMS.items()))


@may("office.home")
@require_GET
def sheets(request):
    """Every form with its papers and languages; the estate's own language first."""
    own = request.estate.language if request.estate else "zh-hant"
    languages = sorted(LANGUAGES, key=lambda pair: pair[0] != own)
    forms = [
        {
            "title": form.title,
            "links": [
                (f"{size} {label}", f"{reverse('office:sheet', args=[name])}?size={size}&language={code}")
                for size in form.sizes
                for code, label in languages
            ],
        }
        for name, form in _forms().items()
    ]
    return render(request, "office/sheets.html", {"forms": forms})


@may("office.home")
@require_GET
def sheet(request, name):
    form = _forms().get(name)
    language = request.GET.get("language", "")
    if form is None or request.estate is None:
        raise Http404
    size = request.GET.get("size", "")
    size = size if size in form.sizes else form.sizes[0]
    language = language if language in dict(LANGUAGES) else request.estate.language
    with translation.override(language):
        printout = form.blank(
            letterhead=printing.letterhead(request.estate, language), language=language, size=size
        )
    response = HttpResponse(printing.pdf(printout), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}-{size}.pdf"'
    return response
