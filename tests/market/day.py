"""Play a day through a server at a hundred times its speed: its candles must be those of the truth.

    python -m tests.market.day                    24 hours in about 15 minutes, on SQLite
    python -m tests.market.day --minutes 60       an hour of it
    python -m tests.market.day --store postgres

The server takes the replay for Kraken: its session, gate, candles and backfill are at work. What it
has stored is compared with what `truth.py` computes from the recording's text.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.faults.truth import connected
from tests.market import synthetic, truth
from tests.services import environment, reaper
from tests.services.plugin import run_postgres, stop_stores
from tests.services.ports import free_port
from tests.services.process import Process
from tests.services.server import Server

INTERVALS = (1, 5, 15, 30, 60, 240)
SETTLING_SECONDS = 240.0  # after the last frame: backfill and the close of the last candles
LOOK_SECONDS = 2.0
MAX_EXAMPLES = 3  # of each interval
VOLUME_DECIMALS = 8
CANDLES = """
SELECT instrument.symbol, instrument.decimals, candle.bucket,
    candle.open, candle.high, candle.low, candle.close, candle.volume, candle.trades
FROM market_candle candle JOIN market_instrument instrument ON instrument.id = instrument_id
WHERE minutes = {minutes} AND is_closed
"""

Key = tuple[str, int]


class Venue:
    """The replay, in a process of its own. It begins with the server's first contact."""

    def __init__(self, recording: Path, speed: float) -> None:
        self.port = free_port()
        words = ("--port", self.port, "--speed", speed, "--wait")
        self._process = Process(
            [sys.executable, "manage.py", "replay_market", recording, *map(str, words)],
            log=reaper.workspace() / "venue.log",
            env=environment.of_a_server(),
        )
        self._process.until(self._answers, seconds=60, what="the venue answers")

    def state(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port}/replay/state"
        with urllib.request.urlopen(url, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def stop(self) -> None:
        self._process.kill()

    def _answers(self) -> bool:
        try:
            return bool(self.state())
        except OSError:
            return False


def wanted(recording: Path) -> dict[int, dict[Key, truth.Bar]]:
    """Return the true candles of each interval."""
    deals = [deal._replace(symbol=deal.symbol.replace("/", "-")) for deal in truth.deals(recording)]
    return {minutes: truth.candles(deals, minutes) for minutes in INTERVALS}


def stored(database_url: str, minutes: int) -> dict[Key, truth.Bar]:
    """Return the closed candles that the server has stored."""
    with connected(database_url) as query:
        return dict(_bars(query(CANDLES.format(minutes=minutes)).fetchall()))


def _bars(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Key, truth.Bar]]:
    for symbol, decimals, bucket, opened, high, low, close, volume, trades in rows:
        moment = datetime.fromisoformat(str(bucket))  # SQLite has a text without a time zone
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
        prices = (Decimal(steps).scaleb(-decimals) for steps in (opened, high, low, close))
        first, highest, lowest, last = prices
        size = Decimal(volume or 0).scaleb(-VOLUME_DECIMALS)
        yield (
            (symbol, int(moment.timestamp()) * 1_000_000),
            truth.Bar(first, highest, lowest, last, size, trades),
        )


def compare(want: Mapping[Key, truth.Bar], have: Mapping[Key, truth.Bar]) -> Counter[str]:
    """Count candles that are right, wrong, missing, and too many."""
    counts: Counter[str] = Counter(right=0, wrong=0, missing=0, surplus=0)
    for key, bar in want.items():
        found = have.get(key)
        counts["missing" if found is None else "right" if found == bar else "wrong"] += 1
    counts["surplus"] = len(have.keys() - want.keys())
    return counts


def examples(want: Mapping[Key, truth.Bar], have: Mapping[Key, truth.Bar]) -> list[str]:
    """Describe the first candles that are not as they should be."""
    keys = sorted(key for key in want.keys() | have.keys() if want.get(key) != have.get(key))
    return [f"{key}: {have.get(key)} in place of {want.get(key)}" for key in keys[:MAX_EXAMPLES]]


def compared(
    truths: Mapping[int, Mapping[Key, truth.Bar]], database_url: str, end: int
) -> tuple[set[str], dict[str, Counter[str]], dict[str, list[str]]]:
    """Return the symbols that have candles, what has become of those of whole spans, and examples
    of what is wrong.
    """
    found = {minutes: stored(database_url, minutes) for minutes in INTERVALS}
    symbols = {symbol for symbol, _ in found[1]}
    counts, wrong = {}, {}
    for minutes, have in found.items():
        last = end - minutes * truth.MINUTE
        want, had = (
            {key: bar for key, bar in bars.items() if key[0] in symbols and key[1] <= last}
            for bars in (truths[minutes], have)
        )
        if not want and not had:
            continue  # no whole span is in the recording
        counts[str(minutes)] = compare(want, had)
        wrong[str(minutes)] = examples(want, had)
    return symbols, counts, wrong


def run(minutes: int, speed: float, seed: int, store: str) -> dict[str, Any]:
    """Play the day and return what has become of its candles, by interval."""
    recording = reaper.workspace() / "day.jsonl"
    synthetic.day(recording, seed=seed, minutes=minutes)
    truths, end = wanted(recording), truth.ended(recording)
    began = time.monotonic()
    venue = Venue(recording, speed)
    on = {"DATABASE_URL": run_postgres().migrated("day")} if store == "postgres" else {}
    server = Server(
        env={
            **on,
            "MARKET_SOURCES": "kraken",
            "MARKET_KRAKEN_URL": f"ws://127.0.0.1:{venue.port}",
            "MARKET_KRAKEN_API_URL": f"http://127.0.0.1:{venue.port}",
        }
    )
    try:
        while not venue.state()["ended"]:
            time.sleep(LOOK_SECONDS)
        played = time.monotonic() - began
        until = time.monotonic() + SETTLING_SECONDS
        while True:
            symbols, found, wrong = compared(truths, server.env["DATABASE_URL"], end)
            is_done = symbols and all(map(is_right, found.values()))
            if is_done or time.monotonic() > until:
                break
            time.sleep(LOOK_SECONDS)
        return {
            "minutes": minutes,
            "store": store,
            "speed": speed,
            "seconds": round(played, 1),
            "settled_after": round(time.monotonic() - began - played, 1),
            "symbols": sorted(symbols),
            "requests": venue.state()["requests"],
            "candles": {name: dict(counts) for name, counts in found.items()},
            "wrong": {name: texts for name, texts in wrong.items() if texts},
        }
    finally:
        server.stop()
        venue.stop()


def is_right(counts: Mapping[str, int]) -> bool:
    return bool(counts["right"]) and not (counts["wrong"] or counts["missing"] or counts["surplus"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=1440)
    parser.add_argument("--speed", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    environment.prepare()
    try:
        found = run(options.minutes, options.speed, options.seed, options.store)
    finally:
        stop_stores()
    print(json.dumps(found, indent=2))
    is_shown = found["symbols"] and found["candles"]["1"]["right"]
    return 0 if is_shown and all(map(is_right, found["candles"].values())) else 1


if __name__ == "__main__":
    sys.exit(main())
