"""The Django app of the ledger, which registers its messages and the demo's job."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "hoardrun.ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        from django.conf import settings

        from hoardrun.ledger import demo, publishing  # noqa: F401 to be connected
        from hoardrun.ledger.kinds import KINDS
        from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
        from notifications import kinds
        from notifications.texts import catalogue
        from realtime import jobs
        from realtime.protocol.messages import register

        kinds.register(*KINDS)
        catalogue.register(Path(__file__).parent / "texts")
        register(TransactionUpdate, BalanceUpdate)
        if settings.SIMULATE_PAYMENTS:
            jobs.register(jobs.Job("demo payments", demo.SECONDS, demo.step))
