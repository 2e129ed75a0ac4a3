"""The facts every workflow leans on. Each module holds one noun and its companions."""

from .access import AccessLog, Draft, FormKey, SavedFilter
from .case import Case, EstateQuerySet
from .catalogue import Catalogue
from .files import File
from .imports import Import, ImportKey, ImportMatching, ImportRow, ImportWrite
from .jobs import Job
from .journal import Event
from .messages import Message, MessageAttempt, MessageText
from .months import MonthReport
from .places import Building, Estate, Section, Unit
from .promises import EscalationRule, OwnerChange, Promise, PromiseRule, Seen
from .search import SearchKey
from .series import Series
from .staff import Department, DepartmentHead, Posting, Staff
from .sweeps import Heartbeat, SweepFailure, SweepHour, SweepRun
from .undo import Undo
from .walls import Wall

__all__ = [
    "AccessLog", "Building", "Case", "Catalogue", "Department", "DepartmentHead", "Draft", "EscalationRule", "Estate", "EstateQuerySet", "Event",
    "File", "FormKey", "Heartbeat", "Import", "ImportKey", "ImportMatching", "ImportRow", "ImportWrite", "Job",
    "Message", "MessageAttempt", "MessageText", "MonthReport", "OwnerChange", "Posting", "Promise", "PromiseRule", "SavedFilter", "SearchKey",
    "Section", "Seen", "Series", "Staff", "SweepFailure", "SweepHour", "SweepRun", "Undo", "Unit", "Wall",
]  # fmt: skip
