"""The message of the server about the sources of prices, for staff."""

from __future__ import annotations

from realtime.protocol.messages import Payload, Timestamp, examples

_EXAMPLES = examples(__file__)


class MarketFeed(Payload, frozen=True, kw_only=True):
    """How a source of prices fares, or the engine that makes candles and alerts of them."""

    wire_type = "market_feed"
    carried_by = "room"
    line = "{name} is {state}"
    example = _EXAMPLES["market_feed"]

    name: str
    """The source, such as `kraken`; or `engine`."""
    state: str
    """`live`, `partly` live, `delayed`, `stale`, or `closed` with its markets; `connecting`,
    `waiting` for its next attempt, `stopped`; or `leaderless`: no process leads it."""
    reason: str = ""
    """Why."""
    since: Timestamp | None = None
    """Time since which it is so."""
    last_price_at: Timestamp | None = None
    """Time of the newest price, by the source's clock."""
    lag_ms: int | None = None
    """How old that price was when it came."""
    quarantined: int = 0
    """Prices that were not believed, since its leader began."""
    odd: int = 0
    """Frames or prices that could not be read, since then."""
    reconnects: int = 0
    """Connections after the first one, since then."""
    refused: int = 0
    """Symbols that it does not have."""
    leader: str = ""
    """The process that leads it; empty: none does."""
    epoch: int = 0
    """How many leaders there have been."""
    leads_since: Timestamp | None = None
    """Time since which that process leads it."""
