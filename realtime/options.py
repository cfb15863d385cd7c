"""The engine's settings, read once and typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings

from realtime.protocol.messages import Limits


@dataclass(frozen=True)
class Options:
    """settings.REALTIME, by the names that it uses there, in lower case."""

    max_connections_per_user: int = 10
    max_rooms_per_connection: int = 50
    max_messages_per_second: int = 20
    max_message_burst: int = 40
    max_messages_per_second_per_user: int = 100
    max_logins_per_second_per_user: float = 5
    max_replayed_per_second_per_user: int = 2000
    max_replayed_per_second_per_address: int = 20_000
    max_connections_per_node: int = 20_000
    max_anonymous_per_address: int = 200
    max_refused_per_second_per_address: float = 20
    allowed_origins: Sequence[str] = ()
    allow_loopback_origins: bool = False
    allow_query_token: bool = True
    ticket_seconds: float = 30
    recheck_seconds: float = 15
    drain_delay_seconds: float = 0
    drain_seconds: float = 5
    max_lifetime_seconds: float = 0
    max_message_bytes: int = 64 * 1024
    max_buffer_bytes: int = 128 * 1024
    authenticate_within_seconds: float = 5
    login_patience_seconds: float = 30
    stuck_after_seconds: float = 20
    compression: bool = True
    heartbeat_seconds: float = 20
    reconcile_seconds: float = 5
    reconnect_after_ms: int = 5000
    retention_days: float = 30
    retention_events: int = 10_000
    device_days: float = 90

    @property
    def limits(self) -> Limits:
        """What the greeting announces."""
        return Limits(
            max_message_bytes=self.max_message_bytes,
            max_messages_per_second=self.max_messages_per_second,
            max_message_burst=self.max_message_burst,
            max_rooms=self.max_rooms_per_connection,
            max_connections=self.max_connections_per_user,
        )


def options() -> Options:
    """Read settings.REALTIME; an unknown name there is a mistake."""
    given: dict[str, Any] = {key.lower(): value for key, value in settings.REALTIME.items()}
    if unknown := given.keys() - {field.name for field in fields(Options)}:
        raise ValueError(f"settings.REALTIME has unknown names: {', '.join(sorted(unknown))}")
    return Options(**given)
