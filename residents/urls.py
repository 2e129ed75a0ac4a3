"""The register: where people live, who they are, since when."""

from django.urls import path

from residents.views import (
    archive,
    buildings,
    gate,
    keys,
    occupancies,
    people,
    slips,
    units,
    vehicles,
    visitors,
)

app_name = "residents"
urlpatterns = [
    # buildings and their sections
    path("buildings/", buildings.buildings, name="buildings"),
    path("buildings/new", buildings.building_new, name="building_new"),
    path("buildings/<int:pk>/", buildings.building, name="building"),
    path("buildings/<int:pk>/edit", buildings.building_edit, name="building_edit"),
    path("buildings/<int:pk>/sections/new", buildings.section_new, name="section_new"),
    path("sections/<int:pk>/edit", buildings.section_edit, name="section_edit"),
    # units
    path("units/", units.units, name="units"),
    path("units/new", units.unit_new, name="unit_new"),
    # "unit", the page of one, is the household page: config/household.py
    path("units/<int:pk>/history", units.history, name="history"),
    path("units/<int:pk>/note", units.unit_note, name="unit_note"),
    path("units/<int:pk>/edit", units.unit_edit, name="unit_edit"),
    # the files archive of a household
    path("units/<int:pk>/archive/", archive.archive, name="archive"),
    path("units/<int:pk>/archive/add", archive.archive_add, name="archive_add"),
    path("units/<int:pk>/archive/list.pdf", archive.archive_pdf, name="archive_pdf"),
    path("files/<int:pk>/", archive.archive_file, name="archive_file"),
    path("files/<int:pk>/remove", archive.archive_remove, name="archive_remove"),
    # who lives where
    path("units/<int:pk>/people/new", occupancies.occupancy_new, name="occupancy_new"),
    path("occupancies/<int:pk>/end", occupancies.occupancy_end, name="occupancy_end"),
    path("occupancies/<int:pk>/correct", occupancies.occupancy_correct, name="occupancy_correct"),
    # people and companies
    path("people/", people.people, name="people"),
    path("people/new", people.person_new, name="person_new"),
    path("people/suggest", people.people_suggest, name="people_suggest"),
    path("people/lookup", people.identity_lookup, name="identity_lookup"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/edit", people.person_edit, name="person_edit"),
    path("people/<int:pk>/identity", people.person_identity, name="person_identity"),
    path("people/<int:pk>/reveal", people.person_reveal, name="person_reveal"),
    # goods-release slips at the counter
    path("slips/", slips.slips, name="slips"),
    path("slips/new", slips.slip_new, name="slip_new"),
    path("slips/<int:pk>/", slips.slip, name="slip"),
    path("slips/<int:pk>/cancel", slips.slip_cancel, name="slip_cancel"),
    path("slips/<int:pk>/print", slips.slip_print, name="slip_print"),
    path("slips/<int:pk>/pdf", slips.slip_pdf, name="slip_pdf"),
    path("slips/<int:pk>/printed", slips.slip_printed, name="slip_printed"),
    path("units/suggest", slips.units_suggest, name="units_suggest"),
    # the same slips at the gate; the first address is the one in the QR code
    path("gate/<int:pk>/<str:token>", gate.gate_slip, name="gate_slip"),
    path("gate/<int:pk>/<str:token>/release", gate.gate_release, name="gate_release"),
    path("gate/<int:pk>/<str:token>/refuse", gate.gate_refuse, name="gate_refuse"),
    path("gate/<int:pk>/<str:token>/seen", gate.gate_seen, name="gate_seen"),
    path("gate/done/<int:pk>", gate.gate_released, name="gate_released"),
    path("gate/turned/<int:pk>", gate.gate_turned, name="gate_turned"),
    path("gate/", gate.gate, name="gate"),
    # visitors
    path("gate/inside", visitors.inside, name="inside"),
    path("gate/visitors/", visitors.visitors, name="visitors"),
    path("gate/visitors/new", visitors.visitor_new, name="visitor_new"),
    path("gate/visitors/<int:pk>/", visitors.visitor, name="visitor"),
    path("gate/visitors/<int:pk>/out", visitors.visitor_out, name="visitor_out"),
    # vehicles and access cards of units
    path("vehicles/", vehicles.vehicles, name="vehicles"),
    path("vehicles/new", vehicles.vehicle_new, name="vehicle_new"),
    path("vehicles/<int:pk>/", vehicles.vehicle, name="vehicle"),
    path("vehicles/<int:pk>/edit", vehicles.vehicle_edit, name="vehicle_edit"),
    path("vehicles/<int:pk>/end", vehicles.vehicle_end, name="vehicle_end"),
    path("cards/", vehicles.cards, name="cards"),
    path("cards/new", vehicles.card_new, name="card_new"),
    path("cards/<int:pk>/", vehicles.card, name="card"),
    path("cards/<int:pk>/<slug:move>", vehicles.card_move, name="card_move"),
    # keys the office holds
    path("keys/", keys.keys, name="keys"),
    path("keys/register.pdf", keys.keys_pdf, name="keys_pdf"),
    path("keys/new", keys.key_new, name="key_new"),
    path("keys/<int:pk>/", keys.key, name="key"),
    path("keys/<int:pk>/out", keys.key_lend, name="key_lend"),
    path("keys/<int:pk>/back", keys.key_take_back, name="key_take_back"),
    path("keys/<int:pk>/lost", keys.key_lose, name="key_lose"),
    path("keys/<int:pk>/given-back", keys.key_give_back, name="key_give_back"),
]
