"""The Django app of notifications, which registers its messages, counts and job."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from notifications import kinds, publishing, selectors, services  # noqa: F401 connected
        from notifications.addresses import services as addresses
        from notifications.hooks import esp
        from notifications.kinds.own import OWN
        from notifications.messages import (
            Notification,
            NotificationCounts,
            NotificationUpdated,
            PreferencesChanged,
            SystemAnnouncement,
        )
        from notifications.texts import catalogue
        from notifications.trace import contributing
        from realtime import computed, jobs
        from realtime.protocol.messages import register

        kinds.register(*OWN)
        register(Notification, NotificationUpdated, SystemAnnouncement, NotificationCounts)
        register(PreferencesChanged)
        jobs.register(jobs.Job("forget_addresses", 3600.0, addresses.addresses_forget))
        jobs.register(jobs.Job(addresses.LAPSING, 3600.0, addresses.numbers_lapse))
        computed.register(
            computed.ComputedMessage(
                name=NotificationCounts.wire_type,
                after=frozenset({Notification.wire_type, NotificationUpdated.wire_type}),
                load=selectors.notification_counts,
                lapsed=selectors.notifications_lapsed,
            )
        )
        catalogue.register(catalogue.HERE / "kinds")
        jobs.register(jobs.Job("publish_due", 1.0, services.publish_due))
        if esp.is_on():
            esp.connect()
        contributing.register()
        _register_delivery()
        _allow_batches()


def _register_delivery() -> None:
    """Register what says how delivery is doing, and what forgets its texts."""
    from notifications.delivery import keeping, readings
    from realtime import jobs
    from realtime.meters import doubts, fleet

    jobs.register(jobs.Job(keeping.TEXTS, 600.0, keeping.forget_texts))
    jobs.register(jobs.Job(keeping.PROOF, 600.0, keeping.forget_proof))
    fleet.register(readings.DELIVERING)
    doubts.register(readings.no_worker)


def _allow_batches() -> None:
    """Let providers of e-mail post batches of events, and strangers no more than elsewhere."""
    from notifications.hooks import email, tokens
    from realtime.core import bodies

    for path in tokens.hook_paths(email.NAME):
        bodies.allow(path, email.MAX_BYTES)
