"""What people type about repairs. Forms read and object; the view hands their values to one action."""

from .assets import AssetForm
from .callback import CallbackForm, UnreachableForm
from .intake import CorrectForm, IntakeForm
from .money import ConsentForm, CostForm, LineForm, lines_of, quote_formset, work_formset
from .moves import (
    AskForm,
    BulkDispatchForm,
    CancelForm,
    DecideForm,
    DispatchForm,
    DuplicateForm,
    HandOverForm,
    ResumeForm,
    ScheduleForm,
    WaitForm,
)
from .reception import (
    AnswerForm,
    ExpertForm,
    HandoverForm,
    LogCorrectForm,
    LogForm,
    PassOnForm,
    TellForm,
)
from .work import ArriveForm, DayForm, FinishForm, SlipForm, WaterTestForm

__all__ = [
    "AnswerForm", "ArriveForm", "AskForm", "AssetForm", "BulkDispatchForm", "CallbackForm", "CancelForm", "ConsentForm",
    "CorrectForm", "CostForm", "DayForm", "DecideForm", "DispatchForm", "DuplicateForm", "ExpertForm", "FinishForm",
    "HandOverForm", "HandoverForm", "IntakeForm", "LineForm", "LogCorrectForm", "LogForm", "PassOnForm", "ResumeForm",
    "ScheduleForm", "SlipForm", "TellForm", "UnreachableForm", "WaitForm", "WaterTestForm", "lines_of", "quote_formset",
    "work_formset",
]  # fmt: skip
