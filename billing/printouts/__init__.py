"""The paper of the fees; each module registers its forms."""

from . import closing, collections, figures, readings, receipts

__all__ = ["closing", "collections", "figures", "readings", "receipts"]
