"""The options of the market: which sources run, and where they are.

`hoardrun.settings` reads them from the environment into settings.MARKET, by the names of their
variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from django.conf import settings

from realtime.option_fields import number, option, split, text

SIMULATOR = "simulator"


def _parse_sources(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(split(given.lower())))


@dataclass(frozen=True)
class MarketOptions:
    """The options of the market; its sources, candles and alerts."""

    PREFIX: ClassVar[str] = "MARKET_"

    sources: tuple[str, ...] = option((), _parse_sources)
    """Where prices come from, separated by commas, such as `kraken,coinbase`; nothing runs without.
    See [market](market.md)."""
    kraken_url: str = text(shown="its own")
    """The address of Kraken's WebSocket, to replace it by that of a recording."""
    kraken_api_url: str = text(shown="its own")
    """The address of Kraken's HTTP API."""
    coinbase_url: str = text(shown="its own")
    """The address of Coinbase Exchange's WebSocket."""
    coinbase_api_url: str = text(shown="its own")
    """The address of Coinbase Exchange's HTTP API."""
    alpaca_url: str = text(shown="its own")
    """The address of Alpaca's WebSocket."""
    alpaca_api_url: str = text(shown="its own")
    """The address of Alpaca's HTTP API."""
    alpaca_key: str = text(secret=True)
    """The id of the key of Alpaca."""
    alpaca_secret: str = text(secret=True)
    """The secret of that key."""
    candle_minute_days: float = number(30, 1, 36_500)
    """How long candles of a minute are kept; on PostgreSQL whole months are dropped. With 1,000
    instruments 7 spare much: a day of theirs has 190 MB."""
    candle_five_minute_days: float = number(90, 1, 36_500)
    """How long candles of five minutes are kept."""
    candle_hour_days: float = number(730, 1, 36_500)
    """How long candles of 15 minutes to four hours are kept; those of days are kept for ever."""
    time_scale: float = number(1, 1, 1000)
    """Divides the times of leases, for tests: with 10, another node takes a feed over within a
    second."""


TABLES: tuple[type[Any], ...] = (MarketOptions,)


def options() -> MarketOptions:
    """Read the options from settings.MARKET."""
    given: Mapping[str, Any] = settings.MARKET
    names = {each.name: MarketOptions.PREFIX + each.name.upper() for each in fields(MarketOptions)}
    return MarketOptions(**{name: given[key] for name, key in names.items() if key in given})


def sources() -> tuple[str, ...]:
    """Return the names of the sources that run, each once."""
    simulated = (SIMULATOR,) if settings.SIMULATE_MARKET else ()
    return tuple(dict.fromkeys((*options().sources, *simulated)))


def url_of(source: str, default: str) -> str:
    """Return the address of a venue's WebSocket: that of the option, else the venue's own."""
    return str(getattr(options(), f"{source}_url", "")) or default


def api_url_of(source: str, default: str) -> str:
    """Return the address of a venue's HTTP API: that of the option, else the venue's own."""
    return str(getattr(options(), f"{source}_api_url", "")) or default


def scaled(seconds: float) -> float:
    """Return a time of leases and their followers, divided by MARKET_TIME_SCALE."""
    return seconds / options().time_scale
