from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "hoardrun.ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        from hoardrun.ledger import signals

        signals.connect()
