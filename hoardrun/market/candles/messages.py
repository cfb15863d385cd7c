"""What the server says of a candle, on the socket and over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from hoardrun.market.candles.spans import NAMES, moment
from hoardrun.market.candles.values import Drawn
from hoardrun.market.quotes import plain
from hoardrun.market.scaled import VOLUME_EXPONENT, text, unscale
from realtime.protocol import codec
from realtime.protocol.messages import Payload, Timestamp, examples

_EXAMPLES = examples(__file__)
PriceText = Annotated[str, Meta(pattern=r"^\d{1,19}(\.\d{1,12})?$")]


class ListedCandle(Struct, frozen=True, kw_only=True):
    """A candle in an answer of the HTTP API, which names the instrument once."""

    time: Timestamp
    open: PriceText
    high: PriceText
    low: PriceText
    close: PriceText
    volume: str | None = None
    trades: int | None = None
    closed: bool = True
    revision: int = 0
    revised: bool = False
    indicative: bool = False
    source: str = ""


class CandleUpdate(Payload, frozen=True, kw_only=True):
    """A candle that runs, has closed, or was corrected; all prices are strings."""

    wire_type = "candle_update"
    carried_by = "room"
    line = "{symbol} {interval} {time} {open} {high} {low} {close}"
    example = _EXAMPLES["candle_update"]

    symbol: Annotated[str, Meta(min_length=1, max_length=20)]
    """The instrument, such as `BTC-USD`."""
    interval: str
    """`1m`, `5m`, `15m`, `30m`, `1h`, `4h`, `1d`, `1w` or `1M`."""
    time: Timestamp
    """When the span begins; of a day or longer, its first date at midnight in UTC."""
    open: PriceText
    """The first price, in the instrument's currency."""
    high: PriceText
    """The highest price."""
    low: PriceText
    """The lowest price."""
    close: PriceText
    """The last price so far."""
    volume: str | None = None
    """The volume traded; null if it is not known."""
    trades: int | None = None
    """The number of trades; null if it is not known."""
    closed: bool = False
    """The span has ended."""
    revision: int = 0
    """How often the candle has changed since it was first closed."""
    revised: bool = False
    """It has changed since it was first closed."""
    indicative: bool = False
    """Made of quoted prices, since no trades are known."""
    source: str = ""
    """Where the prices come from, such as `kraken`."""


def listed_candle(drawn: Drawn, decimals: int) -> ListedCandle:
    """Describe a candle in an answer of the HTTP API."""
    return ListedCandle(**_facts(drawn, decimals))


def candle_update(drawn: Drawn, symbol: str, decimals: int) -> CandleUpdate:
    """Make the message of a candle."""
    return CandleUpdate(symbol=symbol, interval=NAMES[drawn.minutes], **_facts(drawn, decimals))


def _facts(drawn: Drawn, decimals: int) -> dict[str, Any]:
    values = drawn.values
    return {
        "time": codec.timestamp(moment(drawn.bucket)),
        "open": text(values.open, decimals),
        "high": text(values.high, decimals),
        "low": text(values.low, decimals),
        "close": text(values.close, decimals),
        "volume": _volume(values.volume),
        "trades": values.trades,
        "closed": drawn.is_closed,
        "revision": drawn.revision,
        "revised": drawn.revision > 0,
        "indicative": drawn.is_indicative,
        "source": drawn.source,
    }


def _volume(steps: int | None) -> str | None:
    return None if steps is None else plain(unscale(steps, VOLUME_EXPONENT))
