from .callback import CallbackTry
from .catalogue import Asset, Category, PriceItem, WarrantyPeriod
from .ticket import QuoteLine, Request, Ticket
from .work import WaterTest, WorkLine, WorkOrder

__all__ = [
    "Asset", "CallbackTry", "Category", "PriceItem", "QuoteLine", "Request", "Ticket", "WarrantyPeriod", "WaterTest",
    "WorkLine", "WorkOrder",
]  # fmt: skip
