from __future__ import annotations

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = "Real-time engine"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        import realtime.log.durability  # noqa: F401 registers its check
        from realtime import append_only, jobs, rooms
        from realtime.access import signals
        from realtime.cluster import fleet as cluster_fleet
        from realtime.cluster import nodes_room, retention
        from realtime.log import measuring
        from realtime.meters import doubts, fleet
        from realtime.protocol.answers import (
            Acked,
            Authenticated,
            Error,
            Pong,
            PresenceUpdated,
            RoomJoined,
            RoomLeft,
            Rooms,
            SubscriptionUpdated,
        )
        from realtime.protocol.connection import (
            ConnectionEstablished,
            ResyncRequired,
            ServerShutdown,
            TokenExpiring,
        )
        from realtime.protocol.messages import register
        from realtime.protocol.published import AccessChanged, NodeReport
        from realtime.sql import slots

        register(AccessChanged, NodeReport, ConnectionEstablished)
        register(Pong, RoomJoined, RoomLeft, Rooms, SubscriptionUpdated, Acked, PresenceUpdated)
        register(Authenticated, TokenExpiring, ResyncRequired, ServerShutdown, Error)
        signals.connect()
        post_migrate.connect(append_only.install, sender=self, dispatch_uid="realtime.append_only")
        doubts.register(slots.doubts)
        fleet.register(cluster_fleet.NODES, *measuring.READINGS)
        rooms.register(nodes_room.NodesRoom())
        jobs.register(jobs.Job("retention", retention.EVERY_SECONDS, retention.apply_if_due))
