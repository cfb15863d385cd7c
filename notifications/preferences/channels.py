"""Whether each channel can reach a user, and what is in the way: a settings page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, get_args

from notifications.channels import registry
from notifications.delivery.people import addresses
from notifications.kinds import CHANNELS, Channel
from notifications.policy.facts import AddressState
from realtime.outgoing import pacing

State = Literal[
    "ready", "off", "stopped", "no_address", "unverified", "suppressed", "opted_out"
]  # fmt: skip
STATES: tuple[State, ...] = get_args(State)
NO_CATEGORY = "-"


def channel_states(user_id: int, now: datetime) -> dict[Channel, State]:
    """Return the state of each channel for a user, by what the rules of a rung ask first."""
    configured = registry.configured()
    stopped = pacing.blocked(f"channel:{channel}" for channel in CHANNELS)
    own = addresses(user_id, now)
    found: dict[Channel, State] = {}
    for channel in CHANNELS:
        if channel not in configured:
            found[channel] = "off"
        elif f"channel:{channel}" in stopped:
            found[channel] = "stopped"
        else:
            found[channel] = _state([one.state(NO_CATEGORY) for one in own.get(channel, ())])
    return found


def _state(own: Sequence[AddressState]) -> State:
    """Say what is in the way at the addresses of one channel."""
    present = [one for one in own if not one.former]
    if not present:
        return "no_address"
    verified = [one for one in present if one.is_verified]
    if not verified:
        return "unverified"
    usable = [one for one in verified if not one.suppressed]
    if not usable:
        return "suppressed"
    return "opted_out" if all(one.opted_out for one in usable) else "ready"
