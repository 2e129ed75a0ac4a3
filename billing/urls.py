"""Everything people do about money, by object."""

from django.urls import path

from billing.views import history

app_name = "billing"
urlpatterns: list = [
    # an old ledger beside ours
    path("history/<int:pk>", history.history, name="history"),
    path("history/<int:pk>/items", history.history_items, name="history_items"),
]
