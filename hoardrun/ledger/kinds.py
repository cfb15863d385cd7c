"""The kinds of notifications about transactions. `notices` fills them in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct

from notifications.kinds import Kind, Reach, Rung
from notifications.kinds.values import AccountNumber, Moment, Money, Name

_PUSH_AFTER = timedelta(seconds=10)
_RECEIPT = Rung(channel="email", chosen=False)


class Moved(Struct, frozen=True, kw_only=True):
    """Money that has moved: how much, with whom, on which account, and what is left."""

    amount: Money
    party: Name | None = None
    account: AccountNumber | None = None
    reference: str | None = None
    balance: Money | None = None  # never leaves the app but by e-mail
    happened_at: Moment


class NotMoved(Struct, frozen=True, kw_only=True):
    """Money that has not moved, or that went back; `direction` says which way it was to go."""

    direction: Literal["inbound", "outbound"]
    amount: Money
    party: Name | None = None
    account: AccountNumber | None = None
    reference: str | None = None
    reason: str | None = None
    happened_at: Moment


class MovedLate(Moved, frozen=True, kw_only=True):
    """Money that has moved by a payment that had ended without; `direction` says which way."""

    direction: Literal["inbound", "outbound"]


_NOON = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
_WHOLE = Moved(
    amount=Money(Decimal(1_250_000), "UGX"),
    party="Nakato Namutebi Trading Company",
    account="0012345678",
    reference="TX-2026-000123",
    balance=Money(Decimal(3_400_000), "UGX"),
    happened_at=_NOON,
)
_BARE = Moved(amount=Money(Decimal("1250.50"), "KES"), happened_at=_NOON)
_NOT_MOVED = (
    NotMoved(
        direction="outbound",
        amount=Money(Decimal(1_250_000), "UGX"),
        party="Nakato Namutebi Trading Company",
        account="0012345678",
        reference="TX-2026-000123",
        reason="The provider has refused it.",
        happened_at=_NOON,
    ),
    NotMoved(direction="inbound", amount=Money(Decimal("1250.50"), "KES"), happened_at=_NOON),
)

_MOVED_LATE = (
    MovedLate(direction="outbound", **msgspec.structs.asdict(_WHOLE)),
    MovedLate(direction="inbound", **msgspec.structs.asdict(_BARE)),
)

_transaction = partial(
    Kind, type="transaction", category="transaction", privacy="amount", priority="high"
)
_went_wrong = partial(
    _transaction,
    variables=NotMoved,
    samples=_NOT_MOVED,
    ladder=(
        Rung(channel="push", after=_PUSH_AFTER, unless=Reach.SEEN),
        Rung(channel="sms", after=timedelta(minutes=5), unless=Reach.ON_DEVICE),
        _RECEIPT,
    ),
    ignores_quiet_hours=True,
)

KINDS = (
    _transaction(
        name="transaction.debit",
        title="Money sent or paid",
        variables=Moved,
        samples=(_WHOLE, _BARE),
        ladder=(
            Rung(channel="push", after=_PUSH_AFTER, unless=Reach.SEEN, at_once_if_away=True),
            Rung(
                channel="sms",
                after=timedelta(minutes=3),
                unless=Reach.ON_DEVICE,
                required_above=True,
            ),
            _RECEIPT,
        ),
    ),
    _transaction(
        name="transaction.credit",
        title="Money received",
        variables=Moved,
        samples=(_WHOLE, _BARE),
        ladder=(
            Rung(channel="push", after=_PUSH_AFTER, unless=Reach.SEEN),
            Rung(channel="sms", chosen=False),
            Rung(channel="email", chosen=False, digest=True),
        ),
        priority="medium",
        digestible=True,
    ),
    _went_wrong(name="transaction.failed", title="Payment or deposit failed"),
    _went_wrong(
        name="transaction.late",
        title="Payment or deposit made after all",
        variables=MovedLate,
        samples=_MOVED_LATE,
    ),
    _went_wrong(name="transaction.reversed", title="Payment or deposit reversed"),
)
