"""10,000 ticks a second of 200 symbols, through gate, candles and rooms, to 1,000 sockets."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

from bench import processes
from bench.contender import Bench
from bench.goals import Goal
from bench.load import Load
from bench.opening import Entry, Step
from bench.peers.hoardrun import GREETED, PATH
from bench.results import Sample
from bench.scenario import Column, Part
from bench.scenarios.market.running import Market, market

CASE, NAME = "ticks to sockets", "hoardrun"
RATE, SYMBOLS, ROOMS = 10_000.0, 200, 10  # rooms of each socket


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Trade for a while; count what the sockets get, and what it costs."""
    sockets = 100 if bench.quick else 1000
    seconds = 10.0 if bench.quick else 30.0
    with market(bench, users=sockets, instruments=SYMBOLS) as (running, _):
        load = Load(bench.new_folder("sockets"))
        try:
            _open(load, running, sockets)
            yield _measured(bench, running, load, sockets, seconds, number)
        finally:
            load.end()


def _open(load: Load, running: Market, sockets: int) -> None:
    """Open as many sockets for each ten symbols."""
    groups = SYMBOLS // ROOMS
    for group in range(groups):
        names = running.symbols[group * ROOMS : (group + 1) * ROOMS]
        rooms = [f"market:{name.replace('/', '-')}" for name in names]
        join = json.dumps({"type": "join_room", "rooms": rooms, "rate": "1s"})
        steps = [GREETED, Step("room_joined", join), *[Step("room_joined")] * (ROOMS - 1)]
        count = sockets // groups
        load.open(Entry(running.server.port, [PATH], running.tokens[group * count :], steps), count)


def _measured(
    bench: Bench, running: Market, load: Load, sockets: int, seconds: float, number: int
) -> Sample:
    told: dict[str, float] = {}

    def trade() -> None:
        told.update(
            running.venue.ask(
                "trade", within=seconds + 60, symbols=list(running.symbols), price="1000",
                rate=RATE, seconds=seconds + 4,
            )
        )  # fmt: skip

    load.begin()
    trading = threading.Thread(target=trade)
    trading.start()
    time.sleep(3)  # for the rooms to have a first value
    began, before = time.monotonic(), load.texts()
    cpu, postgres = processes.cpu_seconds(running.server.pid), bench.stores.postgres_cpu()
    time.sleep(seconds)
    deliveries, passed = load.texts() - before, time.monotonic() - began
    spent = processes.cpu_seconds(running.server.pid) - cpu
    postgres = bench.stores.postgres_cpu() - postgres
    trading.join()
    taken = told["sent"] / told["seconds"]
    problems = []
    if taken < 0.98 * RATE:
        problems.append(f"the venue sent {taken:,.0f} ticks a second")
    if missing := running.missing_trades(int(told["sent"])):
        problems.append(f"the candles lack {missing} trades")
    figures = {
        "ticks": taken,
        "delivered": deliveries / passed,
        "missing": 1 - deliveries / passed / (sockets * ROOMS),
        "cores": spent / passed,
        "postgres_cores": postgres / passed,
        "cpu_tick_us": spent / passed / taken * 1e6,
    }
    return Sample(CASE, NAME, number, figures, problems)


PART = Part("ticks", measure)
COLUMNS = (
    Column("ticks", "ticks a second", 0),
    Column("delivered", "deliveries a second", 0),
    Column("cores", "server, cores", 2),
    Column("postgres_cores", "PostgreSQL, cores", 2),
    Column("cpu_tick_us", "server µs a tick"),
)
GOALS = (
    Goal("deliveries that 1,000 sockets lack at rate 1s", "missing", (CASE, NAME), 0.02),
    Goal("cores of the serving process", "cores", (CASE, NAME), 1.0),
)
NOTES = (
    f"Each of 1,000 sockets has joined the rooms of {ROOMS} of {SYMBOLS} symbols at rate 1s, which "
    "makes 10,000 deliveries a second. A frame of the venue has 20 trades. One process reads the "
    "venue, judges, makes candles and alerts, and serves all sockets.",
)
