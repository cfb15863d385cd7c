"""Say whether each channel can reach a user, and what is in the way, for the settings page."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

from notifications.channels import registry
from notifications.delivery.people import addresses
from notifications.kinds import CHANNELS, Channel
from notifications.policy.channel import Obstacle, obstacle, usable
from notifications.policy.facts import ChannelState

State = Literal["ready", Obstacle, "opted_out"]
STATES: tuple[State, ...] = get_args(State)
NO_CATEGORY = "-"


def channel_states(user_id: int, now: datetime) -> dict[Channel, State]:
    """Return the state of each channel for a user, by what the rules of a rung ask first."""
    configured, stopped = registry.configured(), registry.stopped()
    own = addresses(user_id, now)
    return {
        channel: _state(
            ChannelState(
                configured=channel in configured,
                stopped=channel in stopped,
                addresses=tuple(one.state(NO_CATEGORY) for one in own.get(channel, ())),
            )
        )
        for channel in CHANNELS
    }


def _state(channel: ChannelState) -> State:
    present = [one for one in channel.addresses if not one.former]
    if (found := obstacle(channel, present)) is not None:
        return found
    return "ready" if usable(present, required=False) else "opted_out"
