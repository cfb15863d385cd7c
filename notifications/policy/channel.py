"""Find what keeps a channel from reaching a user, apart from the choices of that user. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from notifications.policy.facts import AddressState, ChannelState

Obstacle = Literal["off", "stopped", "no_address", "unverified", "suppressed"]


def obstacle(channel: ChannelState, addresses: Sequence[AddressState]) -> Obstacle | None:
    """Return what keeps a channel from all of these addresses, the first of what does."""
    if not channel.configured:
        return "off"
    if channel.stopped:
        return "stopped"
    if not addresses:
        return "no_address"
    if not any(each.is_verified for each in addresses):
        return "unverified"
    return None if usable(addresses, required=True) else "suppressed"


def usable(addresses: Sequence[AddressState], *, required: bool) -> list[AddressState]:
    """Return the addresses that nothing forbids; what is optional is forbidden more."""
    return [
        each
        for each in addresses
        if each.is_verified and not each.suppressed and (required or not each.opted_out)
    ]
