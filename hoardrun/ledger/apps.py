"""The Django app of the ledger, which registers its messages and the demo's job."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "hoardrun.ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        from django.conf import settings
        from django.db.models.signals import post_migrate, pre_migrate

        from hoardrun.ledger import contributing, demo, publishing  # noqa: F401 to be connected
        from hoardrun.ledger.journal import running, triggers
        from hoardrun.ledger.kinds import KINDS
        from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
        from notifications import kinds
        from notifications.texts import catalogue
        from realtime import jobs
        from realtime.meters import fleet
        from realtime.protocol.messages import register

        kinds.register(*KINDS)
        catalogue.register(Path(__file__).parent / "texts")
        register(TransactionUpdate, BalanceUpdate)
        contributing.register()
        pre_migrate.connect(triggers.remove, sender=self, dispatch_uid="ledger.triggers")
        post_migrate.connect(triggers.install, sender=self, dispatch_uid="ledger.triggers")
        fleet.register(running.VERIFIED)
        jobs.register(jobs.Job(running.NAME, running.LOOK_SECONDS, running.nightly))
        if settings.SIMULATE_PAYMENTS:
            jobs.register(jobs.Job("demo payments", demo.SECONDS, demo.step))
