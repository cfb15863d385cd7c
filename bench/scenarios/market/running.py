"""A serving process that leads everything, on prices of a venue that the bench drives."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench.contender import Bench
from bench.peers.hoardrun import installation
from tests.services.driven import Driven
from tests.services.ports import wait_until
from tests.services.server import Server

READY_SECONDS = 60.0
WATCHES = "alerts are watched"  # what it logs once they are loaded
STORED_SECONDS = 20.0  # of which the engine needs five to store running candles


@dataclass(frozen=True)
class Market:
    """What runs: `rows` prepares the database, `symbols` are the venue's."""

    server: Server
    venue: Driven
    rows: Driven
    tokens: Sequence[str]
    ids: Sequence[int]
    symbols: Sequence[str]

    def until_ready(self) -> None:
        """Wait until the server has subscribed to all symbols, and watches all alerts."""
        wait_until(
            lambda: (
                self.venue.ask("asked")["symbols"] == len(self.symbols)
                and WATCHES in self.server.log()
            ),
            seconds=READY_SECONDS,
            what="the server to lead",
        )

    def missing_trades(self, sent: int) -> int:
        """Return how many of the trades are in no candle, once they have been stored."""
        deadline = time.monotonic() + STORED_SECONDS
        while missing := sent - int(self.rows.ask("traded")["trades"]):
            if time.monotonic() > deadline:
                break
            time.sleep(0.5)
        return missing


@contextmanager
def market(
    bench: Bench, *, users: int, instruments: int, alerts: int = 0
) -> Iterator[tuple[Market, Sequence[str]]]:
    """Start it with so many alerts far from the price; then with one at each cent above it."""
    folder = bench.new_folder("market")
    with Driven("bench.peers.market.venue", log=folder / "venue.log") as venue:
        port = venue.ask("where")["port"]
        settings = {
            "MARKET_SOURCES": "kraken",
            "MARKET_KRAKEN_URL": f"ws://127.0.0.1:{port}",
            "MARKET_KRAKEN_API_URL": f"http://127.0.0.1:{port}",
        }
        made = installation(bench, users, "hoardrun_market", **settings)
        with Driven("bench.peers.market", log=folder / "rows.log", env=made.env) as rows:
            listed = rows.ask("list", count=instruments)
            rows.ask("forget", within=300)
            steps: Sequence[str] = ()
            if alerts:
                rows.ask("fill", within=600, count=alerts, ids=listed["ids"])
                first = listed["ids"][0]
                steps = rows.ask("wait_for", users=users, instrument=first, steps=STEPS)["alerts"]
            with Server("serve", env=made.env, migrate=False) as server:
                running = Market(server, venue, rows, made.tokens, listed["ids"], listed["symbols"])
                running.until_ready()
                yield running, steps


STEPS = 600  # alerts that fire, one after the other
