"""The broadcasts of staff; their records are the engine's models, their admin is here."""

from __future__ import annotations

from django.apps import AppConfig


class BroadcastConfig(AppConfig):
    name = "hoardrun.api.broadcast"
    label = "broadcast"

    def ready(self) -> None:
        from hoardrun.api.broadcast.rules import MAX_BODY_BYTES
        from realtime.servers import bodies

        bodies.allow("/ws/broadcast/", MAX_BODY_BYTES)
