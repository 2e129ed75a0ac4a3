"""What the register and the gate ask for. Forms say at the field what cannot be; actions do the rest."""

from .register import (
    BuildingForm,
    CorrectForm,
    EndForm,
    IdentityForm,
    LookupForm,
    NoteForm,
    OccupancyForm,
    PersonForm,
    RevealForm,
    SectionForm,
    UnitForm,
)
from .slips import CancelForm, NumberForm, RefuseForm, ReleaseForm, SlipForm, goods_formset, lines_of

__all__ = [
    "BuildingForm", "CancelForm", "CorrectForm", "EndForm", "IdentityForm", "LookupForm", "NoteForm", "NumberForm", "OccupancyForm",
    "PersonForm", "RefuseForm", "ReleaseForm", "RevealForm", "SectionForm", "SlipForm", "UnitForm", "goods_formset",
    "lines_of",
]  # fmt: skip
