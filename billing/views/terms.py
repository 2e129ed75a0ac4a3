"""Who is named to pay and who pays a part only, over the estate."""

from django.views.decorators.http import require_http_methods

from billing.columns.terms import PAYERS, PERCENTAGES
from billing.models import Adjustment, Payer
from billing.rules.standards import READ
from billing.views import pages
from office import lists
from office.access import may


@may(READ)
@require_http_methods(["GET", "POST"])
def payers(request):
    return lists.render(request, PAYERS, pages.of_estate(request, Payer, READ))


@may(READ)
@require_http_methods(["GET", "POST"])
def percentages(request):
    return lists.render(request, PERCENTAGES, pages.of_estate(request, Adjustment, READ))
