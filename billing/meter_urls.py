"""Meters and their readings, by object."""

from django.urls import path

from billing.views import meters, readings

urlpatterns = [
    path("meters/", meters.meters, name="meters"),
    path("meters/new/", meters.meter_new, name="meter_new"),
    path("meters/order/", meters.meter_order, name="meter_order"),
    path("meters/<int:pk>/", meters.meter, name="meter"),
    path("meters/<int:pk>/edit/", meters.meter_edit, name="meter_edit"),
    path("meters/<int:pk>/exchange/", meters.meter_exchange, name="meter_exchange"),
    path("meters/<int:pk>/read/", readings.meter_read, name="meter_read"),
    path("readings/", readings.readings, name="readings"),
    path("readings/round/", readings.round_, name="round"),
    path("readings/round/<int:building>/", readings.round_building, name="round_building"),
    path("readings/desk/", readings.desk_readings, name="desk_readings"),
    path("readings/held/", readings.held, name="held"),
    path("readings/sheet/<int:building>/", readings.meter_sheet, name="meter_sheet"),
    path("readings/<int:pk>/decide/", readings.reading_decide, name="reading_decide"),
    path("readings/<int:pk>/correct/", readings.reading_correct, name="reading_correct"),
]
