"""The tables of the market: instruments, quotes and candles, their sources, the hours of venues."""

from __future__ import annotations

from hoardrun.market.alerts.models import AlertCursor, PriceAlert
from hoardrun.market.models.candles import Candle, CandleHole
from hoardrun.market.models.hours import Holiday, TradingSession
from hoardrun.market.models.instruments import (
    MAX_DECIMALS,
    MAX_SYMBOL_LENGTH,
    SYMBOL_PATTERN,
    Instrument,
    Quote,
)
from hoardrun.market.models.sources import Lease, Source, SourceSymbol
from hoardrun.market.watchlists.models import Watchlist, WatchlistItem

__all__ = [
    "AlertCursor",
    "MAX_DECIMALS",
    "MAX_SYMBOL_LENGTH",
    "SYMBOL_PATTERN",
    "Candle",
    "CandleHole",
    "Holiday",
    "Instrument",
    "Lease",
    "PriceAlert",
    "Quote",
    "Source",
    "SourceSymbol",
    "TradingSession",
    "Watchlist",
    "WatchlistItem",
]
