"""The Django app of payments, which registers its messages, room, gauges and doubt."""

from __future__ import annotations

from django.apps import AppConfig

PATH = "/api/v1/payments"  # where the console's panel of payments asks


class PaymentsConfig(AppConfig):
    name = "hoardrun.payments"
    verbose_name = "Mobile money"

    def _floats(self) -> None:
        """Register whose floats there are, and what says that one is wrong."""
        from hoardrun.ledger import holders
        from hoardrun.payments.at_providers import FLOATS, floats_doubt
        from hoardrun.payments.providers.registry import PROVIDERS
        from realtime.meters import doubts, fleet

        holders.register(PROVIDERS)
        fleet.register(FLOATS)
        doubts.register(floats_doubt)

    def ready(self) -> None:
        self._floats()
        from hoardrun.ledger import by_gateway
        from hoardrun.options import TABLES
        from hoardrun.payments import options, readings, staff_readings
        from hoardrun.payments.health import HealthRoom
        from hoardrun.payments.messages import PayeeChanged, ProviderHealth
        from hoardrun.payments.providers.settings import configured
        from hoardrun.payments.reconciling.measuring import UNRECONCILED
        from hoardrun.payments.refunded import reversal_check
        from realtime import rooms
        from realtime.console import extras
        from realtime.meters import doubts, fleet
        from realtime.protocol.messages import register

        by_gateway.register(reversal_check)
        fleet.register(staff_readings.FOR_STAFF)
        doubts.register(staff_readings.left_waiting)
        TABLES.extend(table for table in options.TABLES if table not in TABLES)
        register(ProviderHealth, PayeeChanged)
        extras.register("payments", lambda: PATH if configured() else None)
        rooms.register(HealthRoom())
        fleet.register(readings.PAYING, UNRECONCILED)
        doubts.register(readings.no_worker)
        doubts.register(readings.no_payment)
