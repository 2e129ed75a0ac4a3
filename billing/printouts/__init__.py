"""The paper of the fees; each module registers its forms."""

from . import closing, collections, figures, notices, readings, receipts

__all__ = ["closing", "collections", "figures", "notices", "readings", "receipts"]
