"""The Django app of the market, which registers its message and its rooms."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig
from django.urls import reverse


class MarketConfig(AppConfig):
    name = "hoardrun.market"
    verbose_name = "Market data"

    def ready(self) -> None:
        from hoardrun.market import options
        from hoardrun.market.candles import retention
        from hoardrun.market.candles.messages import CandleUpdate
        from hoardrun.market.candles.rooms import CandleRooms
        from hoardrun.market.candles.spans import INTERVALS
        from hoardrun.market.engine import overview, unled
        from hoardrun.market.engine.messages import MarketFeed
        from hoardrun.market.engine.rooms import FeedsRoom
        from hoardrun.market.kinds import KINDS
        from hoardrun.market.messages import MarketUpdate, PriceAlertChanged, WatchlistChanged
        from hoardrun.market.rooms import AlwaysMovingRoom, MarketRooms
        from hoardrun.market.watchlists.rooms import WatchlistRooms
        from hoardrun.options import TABLES
        from notifications import kinds
        from notifications.texts import catalogue
        from realtime import jobs, rooms
        from realtime.console import extras
        from realtime.meters import doubts, fleet, sections
        from realtime.protocol.messages import register

        TABLES.extend(table for table in options.TABLES if table not in TABLES)
        kinds.register(*KINDS)
        catalogue.register(Path(__file__).parent / "texts")
        register(MarketUpdate, CandleUpdate, MarketFeed, PriceAlertChanged, WatchlistChanged)
        market_rooms = MarketRooms()
        rooms.register(market_rooms)
        for interval in INTERVALS:
            rooms.register(CandleRooms(interval, market_rooms.symbols))
        fleet.register(overview.FEEDS)
        doubts.register(overview.doubts)
        sections.register(overview.section)
        rooms.register(FeedsRoom())
        rooms.register(WatchlistRooms())
        extras.register("watchlists", lambda: reverse("watchlists"))
        rooms.register(AlwaysMovingRoom())
        jobs.register(jobs.Job(retention.NAME, retention.LOOK_SECONDS, retention.apply_if_due))
        jobs.register(jobs.Job(unled.NAME, unled.LOOK_SECONDS, unled.say_stale))
