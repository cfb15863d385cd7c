from __future__ import annotations

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = "Real-time engine"

    def ready(self) -> None:
        from realtime import checks, jobs, retention, signals  # noqa: F401 checks register themselves

        signals.connect()
        jobs.register(jobs.Job("retention", retention.EVERY_SECONDS, retention.apply))
