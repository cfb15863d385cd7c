"""The evidence about a payment: what somebody said, and how much it counts. Pure.

Providers only evidence_of: `judge` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum

from msgspec import Struct

from hoardrun.payments.states import State


class Claim(StrEnum):
    ACCEPTED = "accepted"  # the request was taken; nothing was paid
    WAITING = "waiting"  # under way
    PAID = "paid"
    NOT_PAID = "not_paid"
    REVERSED = "reversed"  # paid, and given back
    UNKNOWN = "unknown"  # nothing that we understand, or that settles anything


class Source(IntEnum):
    """The origin of evidence; of two that contradict each other the higher one counts."""

    ACK = 0  # the answer to our request
    CALLBACK = 1
    SIGNED_CALLBACK = 2
    STATEMENT = 3  # a line of the provider's statement
    QUERY = 4  # the answer to a question under our credentials
    STAFF = 5


SAYS_NOTHING = frozenset({Claim.ACCEPTED, Claim.WAITING, Claim.UNKNOWN})  # of an end
CALLBACKS = frozenset({Source.CALLBACK, Source.SIGNED_CALLBACK})

# Each reason why something was not paid, and the state that it ends in.
ENDINGS: Mapping[str, State] = {
    "cancelled": State.CANCELLED,
    "config": State.FAILED,  # a mistake of ours, which staff must mend
    "expired": State.EXPIRED,
    "funds": State.FAILED,
    "limit": State.FAILED,
    "no_wallet": State.FAILED,
    "not_allowed": State.FAILED,
    "not_prompted": State.FAILED,
    "not_sent": State.FAILED,  # no byte of the request left
    "not_taken": State.FAILED,  # the provider has never heard of it
    "pin": State.FAILED,
    "provider": State.FAILED,
    "rejected": State.FAILED,  # by staff
    "request": State.FAILED,
}
# Reasons why nothing is known.
DOUBTS = frozenset(
    {
        "ambiguous",  # the provider itself does not say
        "busy",
        "no_answer",
        "no_receipt",
        "not_found",
        "not_prompted",
        "timeout",
        "token",
        "unknown_code",
        "unreadable",
    }
)


class Evidence(Struct, frozen=True, kw_only=True):
    """The facts about one payment in one message. A fact that is missing is None or empty."""

    claim: Claim
    source: Source
    reason: str = ""  # of ENDINGS or DOUBTS
    raw_code: str = ""  # as the provider wrote it
    retry_safe: bool = False  # True: a new payment cannot be a second one
    alarm: bool = False  # True: a mistake of ours, such as a key
    amount: Decimal | None = None
    currency: str = ""
    reference: str = ""  # our id, as it came back
    provider_request_id: str = ""  # theirs while it is under way
    provider_txn_id: str = ""  # theirs when it is done: the receipt
    receiver: str = ""  # our shortcode or merchant
    account: str = ""  # what the payer wrote, to say whom it is for
    payer: str = ""  # E.164, if given plainly
    at: datetime | None = None
    raw: bytes = b""

    def __post_init__(self) -> None:
        if self.claim is Claim.NOT_PAID and self.reason not in ENDINGS:
            raise ValueError(f"{self.reason!r} is no reason of ENDINGS")
        if self.claim is Claim.UNKNOWN and self.reason not in DOUBTS:
            raise ValueError(f"{self.reason!r} is no reason of DOUBTS")
