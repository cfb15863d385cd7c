"""The room in which customers see whether a provider works.

A provider is slow while its breaker, or staff, let nothing through.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hoardrun.payments.calling.hosts import host
from hoardrun.payments.messages import ProviderHealth
from hoardrun.payments.providers.settings import configured
from realtime.outgoing import pacing
from realtime.publish import Ephemeral, publish_ephemeral
from realtime.rooms import RoomKind

ROOM = TOPIC = "payments"


class HealthRoom(RoomKind):
    """`payments`, for every user who is logged in, where a provider is set up."""

    name = "provider_health"
    topic = TOPIC
    description = "Whether the providers of payments work"
    open = True

    def matches(self, room: str) -> bool:
        return room == ROOM

    def may_join(self, user_id: int, room: str) -> bool:
        return bool(configured())

    def rooms(self, user_id: int) -> Iterable[tuple[str, str]]:
        if configured():
            yield ROOM, self.description

    def snapshot(self, room: str) -> Sequence[Ephemeral]:
        names = configured()
        blocked = pacing.blocked(map(host, names))
        return [_message(name, is_slow=host(name) in blocked) for name in names]


def health_publish(name: str, *, is_slow: bool) -> None:
    """Tell the room how a provider is."""
    publish_ephemeral(TOPIC, [_message(name, is_slow=is_slow)])


def _message(name: str, *, is_slow: bool) -> Ephemeral:
    return Ephemeral(
        (ROOM,), name, ProviderHealth(provider=name, state="slow" if is_slow else "ok")
    )
