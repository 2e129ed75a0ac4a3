from .callback import CallbackTry
from .catalogue import Asset, Category, PriceItem, WarrantyPeriod
from .complaints import (
    Complaint,
    ComplaintCall,
    ComplaintCause,
    ComplaintMeeting,
    ComplaintRemedy,
    ComplaintStep,
)
from .reception import Authority, Handover, LogEntry, Question
from .ticket import QuoteLine, Request, Ticket
from .upkeep import Plan, ServiceChange
from .work import WaterTest, WorkLine, WorkOrder

__all__ = [
    "Asset", "Authority", "CallbackTry", "Category", "Complaint", "ComplaintCall", "ComplaintCause",
    "ComplaintMeeting", "ComplaintRemedy", "ComplaintStep", "Handover", "LogEntry", "Plan", "PriceItem", "Question",
    "QuoteLine", "Request", "ServiceChange", "Ticket", "WarrantyPeriod", "WaterTest", "WorkLine", "WorkOrder",
]  # fmt: skip
