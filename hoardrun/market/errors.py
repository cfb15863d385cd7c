"""The refusals of the market. Codes and titles are part of the API."""

from __future__ import annotations

from collections.abc import Sequence

from realtime.errors import NotFound, Refused


class InstrumentNotFound(NotFound):
    """No active instrument has the symbols that `extra["symbols"]` names."""

    title = "Unknown symbol"

    def __init__(self, symbols: Sequence[str]) -> None:
        clipped = [symbol[:20] for symbol in symbols]
        shown = ", ".join(clipped[:5]) + (", …" if len(clipped) > 5 else "")
        super().__init__(
            f"There is no instrument {shown}. GET /api/v1/instruments lists the symbols.",
            symbols=clipped,
        )


class QuoteNotFound(NotFound):
    """No feed has quoted the instrument yet."""

    title = "No quote yet"
    text = (
        "Nothing has quoted {symbol} yet. Start a feed, for example with "
        "`manage.py serve --simulate-market`."
    )


class FeedNotFound(Refused):
    """No feed is registered under this name."""

    title = "Unknown feed"
    text = "There is no feed {!r}. Known are: {}."


class RescaleRefused(Refused):
    """Prices that are stored would lose digits, or would be too large."""

    title = "Prices would not fit"
    text = "{}"


class InvalidInterval(Refused):
    """The feed's interval is out of its range."""

    title = "Invalid interval"
