"""The messages of the server about providers of payments, and about a user's payees."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from realtime.protocol.messages import Identifier, Payload, Timestamp, examples

_EXAMPLES = examples(__file__)


class ProviderHealth(Payload, frozen=True, kw_only=True):
    """A provider of payments works, or is slow now: new payments by it wait, and may fail."""

    wire_type = "provider_health"
    carried_by = "room"
    line = "{provider} is {state}"
    example = _EXAMPLES["provider_health"]

    provider: str
    """The gateway, such as `mtn`."""
    state: Literal["ok", "slow"]
    """How it is now."""


class PayeeFields(Struct, frozen=True, kw_only=True):
    """Somebody whom the user pays by phone."""

    id: Identifier
    """The payee's id."""
    provider: str
    """The gateway that carries payments to them, such as `mtn`."""
    currency: str
    """The currency that they are paid in."""
    msisdn: str
    """Their phone, such as `+256772123456`."""
    name: str
    """The name that the user gave them."""
    verdict: Literal["same", "similar", "other", "unknown"]
    """How alike that name and the provider's were."""
    checked_at: Timestamp
    """Time at which the provider was asked."""
    confirmed_at: Timestamp | None = None
    """Time at which the user confirmed the name, or it was the same; null: not yet."""
    created_at: Timestamp
    """Time at which it was saved."""


class PayeeChanged(Payload, frozen=True, kw_only=True):
    """A payee of the user was saved, confirmed or removed, on any device."""

    wire_type = "payee_changed"
    carried_by = "stream"
    line = "{id}{#payee} {verdict}{/payee}"
    example = _EXAMPLES["payee_changed"]

    id: Identifier
    """The payee's id."""
    payee: PayeeFields | None = None
    """The whole of it, which replaces what the client has; null: it was removed."""
