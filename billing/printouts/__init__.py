"""The paper of the fees; each module registers its forms."""

from . import closing, readings, receipts

__all__ = ["closing", "readings", "receipts"]
