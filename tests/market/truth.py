"""What a recording says: its trades, candles and crossings, computed from its text alone.

This script imports nothing of hoardrun, and keeps every trade in memory: it is slow and plain, so
that one can see that it is right. Run by hand it prints the candles:

    python tests/market/truth.py FILE [--minutes 5] [--shift MICROSECONDS]
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

MINUTE = 60_000_000  # microseconds
WEEK = 10_080  # minutes; the first Monday after 1970 began four days in
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Deal(NamedTuple):
    """One trade. `arrived` is when its frame came, `at` when it took place, microseconds."""

    symbol: str
    trade_id: int
    at: int
    arrived: int
    price: Decimal
    size: Decimal


class Bar(NamedTuple):
    """A candle. The volume is the sum of its sizes."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    trades: int


def microseconds(text: str) -> int:
    """Read RFC 3339; what is finer than a microsecond is cut off."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1) + int(f"{fraction:0<6}"[:6])


def deals(path: Path, *, shift: int = 0) -> list[Deal]:
    """Return the trades of a recording in the order of their arrival, each once.

    `shift` is added to all times, as a replay that is rebased does.
    """
    with path.open(encoding="utf-8") as file:
        header = json.loads(next(file))
        read = {"kraken": _kraken, "coinbase": _coinbase}[header["source"]]
        began = microseconds(header["recorded_at"]) + shift
        seen: set[tuple[str, int]] = set()
        found = []
        for row in file:
            line = json.loads(row)
            if line["dir"] != "in":
                continue
            frame = json.loads(line["text"], parse_float=Decimal)
            for symbol, number, at, price, size in read(frame):
                if (symbol, number) not in seen:
                    seen.add((symbol, number))
                    arrived = began + line["t"]
                    found.append(
                        Deal(
                            symbol,
                            number,
                            microseconds(at) + shift,
                            arrived,
                            Decimal(price),
                            Decimal(size),
                        )
                    )
    return found


def ended(path: Path) -> int:
    """Return when a recording has ended, microseconds since 1970."""
    rows = path.read_text(encoding="utf-8").splitlines()
    began = microseconds(json.loads(rows[0])["recorded_at"])
    return began + int(json.loads(rows[-1])["t"])


def _kraken(frame: Any) -> Iterator[tuple[str, int, str, Any, Any]]:
    if frame.get("channel") == "trade":
        for item in frame["data"]:
            yield (
                item["symbol"],
                item["trade_id"],
                item["timestamp"],
                item["price"],
                item["qty"],
            )


def _coinbase(frame: Any) -> Iterator[tuple[str, int, str, Any, Any]]:
    if frame.get("type") == "match":
        yield (
            frame["product_id"],
            frame["trade_id"],
            frame["time"],
            frame["price"],
            frame["size"],
        )


def bucket(at: int, minutes: int) -> int:
    """Return where the candle of a moment begins. Weeks begin on Mondays."""
    origin = 4 * 1440 * MINUTE if minutes == WEEK else 0
    return origin + (at - origin) // (minutes * MINUTE) * (minutes * MINUTE)


def candles(
    found: Iterable[Deal], minutes: int = 1, *, grace: int | None = None
) -> dict[tuple[str, int], Bar]:
    """Return the candles by symbol and beginning. A minute without trades has none.

    With `grace`, trades are left out that came so many microseconds or more after their minute had
    ended: they are what only a later request of the venue's history brings.
    """
    groups: dict[tuple[str, int], list[Deal]] = defaultdict(list)
    for deal in found:
        late = deal.arrived - (bucket(deal.at, 1) + MINUTE)
        if grace is None or late < grace:
            groups[deal.symbol, bucket(deal.at, minutes)].append(deal)
    return {key: _bar(group) for key, group in sorted(groups.items())}


def _bar(group: list[Deal]) -> Bar:
    group.sort(key=lambda deal: (deal.at // 1000, deal.trade_id))
    prices = [deal.price for deal in group]
    volume = sum((deal.size for deal in group), Decimal(0))
    return Bar(prices[0], max(prices), min(prices), prices[-1], volume, len(group))


def crossings(found: Iterable[Deal], symbol: str, threshold: Decimal, *, above: bool) -> list[Deal]:
    """Return the trades at which a price reached a threshold, coming from the other side.

    That is p0 < threshold <= p1 for `above`, p0 > threshold >= p1 otherwise. Trades count in the
    order of their arrival.
    """
    crossed = []
    last: Decimal | None = None
    for deal in found:
        if deal.symbol != symbol:
            continue
        if last is not None:
            up = last < threshold <= deal.price
            down = last > threshold >= deal.price
            if up if above else down:
                crossed.append(deal)
        last = deal.price
    return crossed


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the candles of a recording.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--minutes", type=int, default=1)
    parser.add_argument("--shift", type=int, default=0, help="Microseconds to add to all times.")
    options = parser.parse_args()
    found = deals(options.file, shift=options.shift)
    print("symbol,begin,open,high,low,close,volume,trades")
    for (symbol, begin), bar in candles(found, options.minutes).items():
        moment = EPOCH + timedelta(microseconds=begin)
        print(symbol, f"{moment:%Y-%m-%dT%H:%M:%SZ}", *bar, sep=",")


if __name__ == "__main__":
    main()
