"""The paper of the fees; each module registers its forms."""

from . import readings, receipts

__all__ = ["readings", "receipts"]
