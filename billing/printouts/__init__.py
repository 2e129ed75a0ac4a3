"""The paper of the fees; each module registers its forms."""

from . import receipts

__all__ = ["receipts"]
