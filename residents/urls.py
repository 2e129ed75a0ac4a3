"""The register: where people live, who they are, since when."""

from django.urls import path

from residents.views import buildings, occupancies, people, units

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
]
