"""Payment notices and statements: of one account, or of all who owe as one PDF."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from billing import notices
from billing.printouts import notices as sheets
from billing.views import accounts, pages
from billing.views.figures import here
from office import printing
from office.access import may
from office.forms import Form
from office.models import Building

PRINT = "billing.print"


def _one(request, pk, kind):
    row = accounts.get(request, pk, PRINT)
    (sheet,) = sheets.of_accounts(kind, [row.pk], row.estate, request.now)
    return printing.answer(sheet)


@may(PRINT)
@require_GET
def notice(request, pk):
    return _one(request, pk, sheets.NOTICE)


@may(PRINT)
@require_GET
def statement(request, pk):
    return _one(request, pk, sheets.STATEMENT)


class NoticesForm(Form):
    kind = forms.ChoiceField(label=gettext_lazy("Print"), choices=list(sheets.TITLES.items()))
    building = forms.ModelChoiceField(
        label=gettext_lazy("Building"), queryset=Building.objects.none(), required=False, empty_label=gettext_lazy("all buildings")
    )  # fmt: skip

    def __init__(self, *args, estate, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["building"].queryset = Building.objects.filter(estate=estate)


@may(PRINT)
@require_http_methods(["GET", "POST"])
def batch(request):
    """All who owe, in one PDF that a worker draws."""
    estate = here(request, PRINT)
    form = NoticesForm(request.POST if request.method == "POST" else None, estate=estate)

    def act(data):
        job = notices.start(
            kind=data["kind"], estate=estate, building=data["building"], by=request.user, now=request.now
        )
        return reverse("office:job", args=[job.pk])

    # Translators: 繳費通知單、對帳單
    title = _("Notices and statements")
    intro = _("One sheet for each account that owes, in the payer's language and in the order of the units.")
    return pages.handle(request, title, form, reverse("billing:arrears"), act, submit=_("Print"), intro=intro)
