from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from notifications import publishing, selectors, services  # noqa: F401 to be connected
        from realtime import computed, jobs

        computed.register(
            computed.ComputedMessage(
                name="notification_counts",
                after=frozenset({"notification", "notification_updated"}),
                load=selectors.notification_counts,
                lapsed=selectors.notifications_lapsed,
            )
        )
        jobs.register(jobs.Job("publish_due", 1.0, services.publish_due))
