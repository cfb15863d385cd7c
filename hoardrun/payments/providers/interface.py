"""What every provider's protocol offers: it builds requests and reads what comes back. Pure.

A protocol only testifies: it turns whatever it is told into `Evidence`, and raises nothing for what
a provider sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from hoardrun.payments.evidence import Evidence
from hoardrun.payments.polling import Plan
from realtime.outgoing.reply import Reply

Kind = Literal["collect", "payout", "refund"]
# The purposes of a callback's URL. A question may name a URL of its own for the answer: what comes
# there counts as its answer.
Purpose = Literal["payment", "question", "timeout", "account"]
USER_AGENT = "hoardrun-payments"  # MTN's gateway refuses those of common libraries
K = TypeVar("K", contravariant=True)


class Order(Struct, frozen=True, kw_only=True):
    """A payment that is asked for, or asked about."""

    id: str  # UUID: our reference
    kind: Kind
    amount: Decimal
    currency: str
    country: str  # of the phone, by ISO 3166
    msisdn: str  # as given; E.164 once it is clean
    at: datetime  # of this request, as some sign it
    reference: str = ""  # what the customer reads, such as an invoice
    text: str = ""
    note: str = ""
    callback_url: str = ""
    timeout_url: str = ""
    question_url: str = ""
    provider_request_id: str = ""
    refunds: str = ""  # the provider's id of what is given back
    wallet: str = ""  # whose money it is, where the gateway is another


class Request(Struct, frozen=True, kw_only=True):
    """A call to be made: `path` belongs behind the base URL that the payment has."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Incoming(Struct, frozen=True, kw_only=True):
    """A call that came in, to a URL whose token has been checked."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in small letters
    raw: bytes
    authority: str = ""
    purpose: Purpose = "payment"


class Verdict(StrEnum):
    GENUINE = "genuine"
    UNPROVEN = "unproven"  # nothing is signed: it may be anybody's
    FORGED = "forged"


class Answered(Struct, frozen=True):
    """What a callback is answered with."""

    status: int
    body: bytes
    content_type: str = "application/json"


class Token(Struct, frozen=True):
    """What opens the provider's other calls, for so many seconds."""

    value: str
    seconds: float


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a provider can do, and how it is asked."""

    kinds: frozenset[Kind]
    decimals: Mapping[str, int]  # of each currency that it takes
    plan: Plan
    prompt_seconds: int
    reversal: bool = False  # by the receipt, so what came unasked can be given back too
    refund_parts: bool = True  # False: a refund gives back all that was paid
    name_check: bool = False
    idempotent: bool = True  # the same id twice is one payment


class Provider(Protocol[K]):
    """One provider. `keys` are its secrets and settings, of a class of its own."""

    name: str
    capabilities: Capabilities

    def clean(self, order: Order) -> Order:
        """Return the order as it may be sent. Raises Refused."""

    def token(self, keys: K, kind: Kind) -> Request | None:
        """Ask for a token; None where the keys are enough."""

    def read_token(self, reply: Reply) -> Token | None:
        """Return the token of an answer; None if there is none in it."""

    def begin(self, order: Order, keys: K, token: str) -> Request:
        """Ask for a clean order to be paid."""

    def read_begun(self, order: Order, reply: Reply) -> Evidence:
        """Read the answer to `begin`."""

    def look(self, order: Order, keys: K, token: str) -> Request | None:
        """Ask what became of it; None if there is no way to ask."""

    def read_look(self, order: Order, reply: Reply) -> Evidence:
        """Read the answer to `look`."""

    def ask_name(self, order: Order, keys: K, token: str) -> Request | None:
        """Ask whose wallet it is; None if it does not say."""

    def read_name(self, reply: Reply) -> str:
        """Return the name of an answer to `ask_name`; empty if there is none."""

    def ask_balance(self, keys: K, token: str, kind: Kind) -> Request | None:
        """Ask what our own account holds; None if that is not said at once."""

    def read_balance(self, reply: Reply, currency: str) -> Decimal | None:
        """Return what there is of a currency; None if the answer does not say it."""

    def verify(self, incoming: Incoming, keys: K, now: datetime) -> Verdict:
        """Say who wrote a callback, from its bytes as they came."""

    def read_callback(self, incoming: Incoming, verdict: Verdict) -> Evidence:
        """Read a callback. `reference` and `provider_request_id` of it find the payment."""

    def answer(self, incoming: Incoming) -> Answered:
        """Return what the provider wants to hear."""


AnyProvider = Provider[Any]
