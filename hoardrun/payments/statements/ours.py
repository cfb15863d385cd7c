"""A payment of ours, as statements are held against it. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Ours(Struct, frozen=True, kw_only=True):
    """A payment of ours, as far as a statement may tell it."""

    id: str
    amount: Decimal  # below zero: it went out
    at: datetime
    msisdn: str = ""  # E.164
    account: str = ""  # what a payer writes, to say that it is for this
    receipt: str = ""
    refunds: str = ""  # the id of the payment that it gives back
    succeeded: bool = True  # by what we know
    moved_nothing: bool = False  # likewise, and it has ended
    was_sent: bool = True
    is_written: bool = False  # in a file before, on a line of its own
