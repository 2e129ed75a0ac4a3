"""The paper of the fees; each module registers its forms."""

from . import closing, collections, readings, receipts

__all__ = ["closing", "collections", "readings", "receipts"]
