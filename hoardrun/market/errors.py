"""What can go wrong with a question about the market.

* `MarketError`
    * `InstrumentNotFound`: no active instrument has this symbol
    * `QuoteNotFound`: the instrument is known, but nothing has quoted it yet
    * `FeedNotFound`: no feed has this name
    * `InvalidInterval`: the feed cannot tick this often

Each carries what a problem document needs: `code`, `status`, `title`, `extra`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


class MarketError(Exception):
    """Any refusal of this app; its text tells the reader what to do."""

    code: str = "market_error"
    status: int = 400
    title: str = "The market data request cannot be answered"

    def __init__(self, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.extra: dict[str, Any] = extra


class InstrumentNotFound(MarketError):
    """No active instrument is called so; `extra["symbols"]` names those that are not."""

    code = "instrument_not_found"
    status = 404
    title = "Unknown symbol"

    def __init__(self, symbols: Sequence[str]) -> None:
        clipped = [symbol[:20] for symbol in symbols]
        shown = ", ".join(clipped[:5]) + (", …" if len(clipped) > 5 else "")
        super().__init__(
            f"There is no instrument {shown}. GET /api/v1/instruments lists the symbols.",
            symbols=clipped,
        )


class QuoteNotFound(MarketError):
    """The instrument has no quote, as no feed has sent one."""

    code = "quote_not_found"
    status = 404
    title = "No quote yet"

    def __init__(self, symbol: str) -> None:
        super().__init__(
            f"Nothing has quoted {symbol} yet. Start a feed, for example with "
            "`manage.py serve --simulate-market`.",
            symbol=symbol,
        )


class FeedNotFound(MarketError):
    """No feed is registered under this name."""

    code = "feed_not_found"
    title = "Unknown feed"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no feed {name!r}. Known are: {', '.join(sorted(known))}.")


class InvalidInterval(MarketError):
    """The feed's interval is out of its range."""

    code = "invalid_interval"
    title = "Invalid interval"
