"""What people type about repairs. Forms read and object; the view hands their values to one action."""

from .assets import AssetForm, PlanForm, ServiceForm, StopPlanForm
from .callback import CallbackForm, ComplaintCallForm, UnreachableForm
from .complaints import (
    ComplaintCorrectForm,
    ComplaintForm,
    ContactForm,
    ExtendForm,
    LinkTicketForm,
    MeetForm,
    ProposeForm,
    ReclassForm,
    RemedyForm,
    ReportForm,
    RouteForm,
    StepForm,
    ToldResultForm,
    WithdrawForm,
)
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
    "AnswerForm", "ArriveForm", "AskForm", "AssetForm", "BulkDispatchForm", "CallbackForm", "CancelForm",
    "ComplaintCallForm", "ComplaintCorrectForm", "ComplaintForm", "ConsentForm", "ContactForm", "CorrectForm", "CostForm", "DayForm",
    "DecideForm", "DispatchForm", "DuplicateForm", "ExpertForm", "ExtendForm", "FinishForm", "HandOverForm",
    "HandoverForm", "IntakeForm", "LineForm", "LinkTicketForm", "LogCorrectForm", "LogForm", "MeetForm",
    "PassOnForm", "PlanForm", "ProposeForm", "ReclassForm", "RemedyForm", "ReportForm", "ResumeForm", "RouteForm",
    "ScheduleForm", "ServiceForm", "SlipForm", "StepForm", "StopPlanForm", "TellForm", "ToldResultForm", "UnreachableForm", "WaitForm",
    "WaterTestForm", "WithdrawForm", "lines_of", "quote_formset", "work_formset",
]  # fmt: skip
