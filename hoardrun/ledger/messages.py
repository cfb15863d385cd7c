"""The messages of the server about accounts and transactions."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from realtime.protocol.messages import DecimalText, Identifier, Payload, Timestamp, examples

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]

_EXAMPLES = examples(__file__)


class PaymentReason(Struct, frozen=True, kw_only=True):
    """Why a payment was not made, or is not known to be."""

    code: str
    """For programs, such as `funds`."""
    text: str
    """For people, in English."""


class PaymentStage(Struct, frozen=True, kw_only=True):
    """The payment by mobile money that moves a transaction, as its customer follows it."""

    id: Identifier
    """The payment's id."""
    kind: Literal["collect", "payout", "refund"]
    """The way that the money goes: to us, from us, or back."""
    provider: str
    """The gateway that carries it, such as `mtn`."""
    stage: str
    """The stage now, such as `enter_pin`."""
    stage_since: Timestamp
    """Time at which that began."""
    expires_at: Timestamp | None = None
    """The end of the prompt on the phone; null: there is none."""
    reason: PaymentReason | None = None
    """Why it ended without money, or waits; else null."""
    retry_safe: bool = False
    """True if another payment cannot be a second one."""
    may_cancel: bool = False
    """True if its customer may still cancel it, as nothing was sent to the provider."""
    receipt: str = ""
    """The provider's number of it, once it is paid."""
    number: str = ""
    """The phone's number, but for most of its digits."""


class TransactionUpdate(Payload, frozen=True, kw_only=True):
    """A transaction was created or moved to another status."""

    wire_type = "transaction_update"
    carried_by = "stream"
    filter_types = ("transaction",)
    line = "{id} {status} {direction} {amount} {currency} {description}"
    example = _EXAMPLES["transaction_update"]

    id: Identifier
    """The transaction's id."""
    status: str
    """The status now, such as `pending` or `completed`."""
    amount: DecimalText
    """The amount that moves, without a sign; `direction` says which way."""
    currency: Currency
    """ISO 4217."""
    account_id: str | None = None
    """The account that it belongs to."""
    type: str | None = None
    """The kind of movement, such as `deposit`."""
    direction: Literal["inbound", "outbound"] | None = None
    """The direction, seen from the account."""
    description: str = ""
    """The text that the user reads."""
    payment_method: str | None = None
    """The payment method, such as `mobile_money`."""
    provider: str | None = None
    """The company that moves the money."""
    reference: str = ""
    """The reference by which both sides find it."""
    balance_after: DecimalText | None = None
    """The account's balance once it was completed; null before."""
    created_at: Timestamp | None = None
    """Time at which it was created."""
    updated_at: Timestamp | None = None
    """Time at which it last changed."""
    completed_at: Timestamp | None = None
    """Time at which it was completed; null before."""
    merchant_name: str = ""
    """The payee, empty if there is none."""
    merchant_category: str = ""
    """The category of the merchant."""
    failure_reason: str = ""
    """The reason of a failure, else empty."""
    payment: PaymentStage | None = None
    """The payment by mobile money that moves it; null: none does."""


class BalanceUpdate(Payload, frozen=True, kw_only=True):
    """An account and its balances, after it was opened or any of this changed.

    The API writes an account in the same shape. `id` and `type` are what they call
    `account_id` and `account_type`; both names stay.
    """

    wire_type = "balance_update"
    carried_by = "stream"
    filter_types = ("balance",)
    line = (
        "account {account_id}: {available_balance} {currency} available, {current_balance} in all"
    )
    example = _EXAMPLES["balance_update"]

    account_id: Identifier
    """The account's id."""
    id: Identifier | None = None
    """The same as `account_id`."""
    currency: Currency
    """ISO 4217; of both balances."""
    available_balance: DecimalText
    """The amount that may be spent now."""
    current_balance: DecimalText
    """The booked amount, with what is reserved."""
    account_type: str | None = None
    """The kind of account, such as `savings`."""
    type: str | None = None
    """The same as `account_type`."""
    name: str | None = None
    """The name that its user gave it."""
    status: str | None = None
    """The state of the account, such as `active` or `closed`."""
    created_at: Timestamp | None = None
    """Time at which it was opened."""
    updated_at: Timestamp | None = None
    """Time at which it last changed."""

    def __post_init__(self) -> None:
        force_setattr(self, "id", self.account_id)
        force_setattr(self, "type", self.account_type)
