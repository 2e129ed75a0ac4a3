"""The paper of the fees; each module registers its forms."""

from . import closing, receipts

__all__ = ["closing", "receipts"]
