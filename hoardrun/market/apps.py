from __future__ import annotations

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "hoardrun.market"
    verbose_name = "Market data"

    def ready(self) -> None:
        from hoardrun.market.rooms import AlwaysMovingRoom, MarketRooms
        from realtime import rooms

        rooms.register(MarketRooms())
        rooms.register(AlwaysMovingRoom())
