from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "hoardrun.ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        from django.conf import settings

        from hoardrun.ledger import demo, signals
        from realtime import jobs

        signals.connect()
        if settings.SIMULATE_PAYMENTS:
            jobs.register(jobs.Job("demo payments", demo.SECONDS, demo.step))
