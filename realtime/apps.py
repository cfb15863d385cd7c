from __future__ import annotations

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = "Real-time engine"

    def ready(self) -> None:
        from realtime import checks, jobs, nodes_room, retention, rooms, signals  # noqa: F401

        signals.connect()
        rooms.register(nodes_room.NodesRoom())
        jobs.register(jobs.Job("retention", retention.EVERY_SECONDS, retention.apply))
