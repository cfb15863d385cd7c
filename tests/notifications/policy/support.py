"""What the tests of the policy are made of: a debit's ladder, and facts where all is well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from hoardrun.ledger.kinds import KINDS as LEDGER
from hoardrun.market.kinds import KINDS as MARKET
from notifications.kinds.kind import CHANNELS, Kind
from notifications.kinds.own import OWN
from notifications.policy.decide import decide
from notifications.policy.facts import (
    AddressState,
    ChannelState,
    Chosen,
    Decision,
    Device,
    Facts,
    Ladder,
    Policy,
    Window,
)
from notifications.policy.quiet import parse_time

KINDS = {kind.name: kind for kind in (*OWN, *LEDGER, *MARKET)}
DEBIT = KINDS["transaction.debit"]
EVENT = 790
NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # in Kampala
NIGHT = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)  # 23:00 there
MORNING = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)  # 7:00 there
POLICY = Policy(zone="Africa/Kampala")
WELL = Facts(
    channels={
        channel: ChannelState(addresses=(AddressState(id=number),))
        for number, channel in enumerate(CHANNELS)
    },
    last_socket_at=NOON,
)
AT_NIGHT = (Window(start=parse_time("22:00"), end=parse_time("07:00")),)
NOBODY = Chosen()


def ladder(kind: Kind = DEBIT, at: datetime = NOON, **rest: Any) -> Ladder:
    """Return the ladder of an event that has just been committed."""
    return Ladder(kind=kind, committed_at=at, event_offset=EVENT, epoch="e1", **rest)


def with_channel(facts: Facts, name: str, **changes: Any) -> Facts:
    """Return facts with one channel changed."""
    channels: dict[Any, ChannelState] = dict(facts.channels)
    channels[name] = replace(channels[name], **changes)
    return replace(facts, channels=channels)


def phone(acked: int | None = EVENT, **rest: Any) -> Device:
    """Return a phone that has the event, unless told otherwise."""
    return Device(name="phone-1", device_class="phone", acked=acked, acked_at=NOON, **rest)


def after(**times: float) -> datetime:
    """Return a moment after the event."""
    return NOON + timedelta(**times)


def decided(
    kind: Kind = DEBIT,
    facts: Facts = WELL,
    chosen: Chosen = NOBODY,
    at: datetime = NOON,
    policy: Policy = POLICY,
    **rest: Any,
) -> Decision:
    return decide(ladder(kind, **rest), facts, chosen, policy, at)
