"""Messages that protect an account: by every channel, at any hour; no choice switches them off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Literal

from msgspec import Struct

from notifications.kinds.kind import Kind, Reach, Rung
from notifications.kinds.values import General, Moment, Money

_NOON = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)

_PUSH = Rung(channel="push", required=True)
_EMAIL = Rung(channel="email", required=True)
_SMS_AT_ONCE = Rung(channel="sms", required=True)
_SMS = Rung(channel="sms", after=timedelta(minutes=2), unless=Reach.ON_DEVICE, required=True)
LADDER = (_PUSH, _EMAIL, _SMS)
URGENT_LADDER = (_PUSH, _EMAIL, _SMS_AT_ONCE)
# Asked of what somebody has done to the account.
WAS_IT_YOU = ("was_me", "was_not_me")

_security = partial(
    Kind,
    type="security",
    category="security",
    ladder=LADDER,
    priority="urgent",
    privacy="secret",
    ignores_quiet_hours=True,
    ignores_caps=True,
    on_unknown="resend_once",
)


class Happened(Struct, frozen=True, kw_only=True):
    """Something was done to the account at this time."""

    happened_at: Moment


class NewDevice(Struct, frozen=True, kw_only=True):
    """The device of a log-in in words, and its place as far as that is known."""

    device: str
    place: str | None = None
    happened_at: Moment


class AddressChanged(Struct, frozen=True, kw_only=True):
    """The address that was replaced. The new one is not named: others may read at the old one."""

    channel: Literal["email", "sms"]
    happened_at: Moment


class LimitChanged(Struct, frozen=True, kw_only=True):
    """The limit that was changed, and its new amount."""

    limit: str
    old: Money
    new: Money
    happened_at: Moment


_HAPPENED = (Happened(happened_at=_NOON),)

KINDS = (
    _security(
        name="security.new_device",
        title="Log-in on a new device",
        actions=WAS_IT_YOU,
        variables=NewDevice,
        samples=(
            NewDevice(device="Firefox on Windows", place="Kampala", happened_at=_NOON),
            NewDevice(device="Chrome on Android", happened_at=_NOON),
        ),
    ),
    _security(
        name="security.password_changed",
        title="Password changed",
        actions=WAS_IT_YOU,
        variables=Happened,
        samples=_HAPPENED,
    ),
    _security(
        name="security.pin_changed",
        title="PIN changed",
        actions=WAS_IT_YOU,
        variables=Happened,
        samples=_HAPPENED,
        ladder=URGENT_LADDER,
    ),
    _security(
        name="security.address_changed",
        title="E-mail address or phone number changed",
        actions=WAS_IT_YOU,
        variables=AddressChanged,
        samples=(
            AddressChanged(channel="email", happened_at=_NOON),
            AddressChanged(channel="sms", happened_at=_NOON),
        ),
        ladder=URGENT_LADDER,
        to_former_address=True,
    ),
    _security(
        name="security.limit_changed",
        title="Limit changed",
        actions=WAS_IT_YOU,
        variables=LimitChanged,
        samples=(
            LimitChanged(
                limit="Daily transfers",
                old=Money(Decimal(2_000_000), "UGX"),
                new=Money(Decimal(5_000_000), "UGX"),
                happened_at=_NOON,
            ),
        ),
    ),
    _security(
        name="security.recovery_started",
        title="Recovery of the account started",
        actions=WAS_IT_YOU,
        variables=Happened,
        samples=_HAPPENED,
    ),
    _security(
        name="security.general",
        title="Other security messages",
        variables=General,
        samples=(General(title="Check your log-ins", message="Somebody tried three passwords."),),
    ),
)
