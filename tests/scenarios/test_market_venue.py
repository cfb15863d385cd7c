"""Whole server processes, and a venue on this machine at the address that their options name."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import psycopg
import pytest

from hoardrun.market.recording.clock import MINUTE, SECOND, written
from hoardrun.market.recording.faults import parse
from hoardrun.market.recording.format import load
from hoardrun.market.recording.server import ReplayServer
from tests.faults import truth as rows
from tests.market import day, truth
from tests.market.synthetic import RECORDINGS
from tests.nodes import ALICE, USERS, connect, token_for
from tests.services import ports
from tests.services.client import Client, Message
from tests.services.pgbouncer import PgBouncer
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]

CALM, STORM = RECORDINGS / "kraken-calm.jsonl", RECORDINGS / "kraken-storm.jsonl"
PATIENCE_SECONDS = 60.0
BTC = "market:BTC-USD"
until = partial(ports.until, seconds=PATIENCE_SECONDS)
Start = Callable[..., Awaitable[Server]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start servers, and stop them at the end."""
    servers: list[Server] = []

    async def make(**given: Any) -> Server:
        servers.append(await asyncio.to_thread(partial(Server, **given)))
        return servers[-1]

    yield make
    for server in servers:
        server.signal(SIGCONT)
        await asyncio.to_thread(server.kill)


def at(venue: ReplayServer) -> dict[str, str]:
    """Return the options that put Kraken on this machine."""
    return {"DEBUG": "1", "MARKET_KRAKEN_URL": venue.url, "MARKET_KRAKEN_API_URL": venue.api_url}


@asynccontextmanager
async def watching(server: Server) -> AsyncIterator[Client]:
    """Join the room of Bitcoin."""
    async with await connect(server, ALICE) as client:
        await client.join(BTC)
        yield client


async def told(client: Client, **wanted: str) -> Message:
    """Return the first price of Bitcoin that has these values."""
    async with asyncio.timeout(PATIENCE_SECONDS * ports.PATIENCE):
        while True:
            found: Message = (await client.receive("market_update", timeout=30))["data"]
            if wanted.items() <= found.items():
                return found


def query(url: str, statement: str) -> list[Any]:
    with rows.connected(url) as ask:
        return list(ask(statement))


async def test_a_demo_without_network_and_options_moves_and_says_that_it_is_simulated(start: Start):
    server = await start(kind="demo", env={"DEBUG": "1"}, prepare=USERS, arguments=())
    async with watching(server) as client:
        first = await told(client, source="simulator", feed="live")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await told(client, source="simulator"))["price"] == first["price"]:
                pass


async def test_a_source_of_the_command_line_is_live_and_its_silence_is_told(start: Start):
    """Nothing but the address tells that the venue is one of this machine."""
    async with ReplayServer(load(STORM), rebase="now") as venue:
        server = await start(env=at(venue), prepare=USERS, arguments=("--source", "kraken"))
        async with watching(server) as client:
            live = await told(client, feed="live")
            assert (live["source"], live["window"]) == ("kraken", "rolling_24h")
            venue.lay(parse("half_open"))
            stale = await told(client, feed="stale")
            assert stale["source"] == "kraken"
            assert stale["as_of"] >= live["as_of"]
            venue.lift()
            back = await told(client, feed="live")
            assert back["as_of"] > stale["as_of"]


GONE, MINUTES = (
    960,
    3,
)  # seconds of the recording; meanwhile Bitcoin reaches 77,390.40 and goes back
REACHED = "77390.40"
PACE = 6


@pytest.mark.feed(number=4)
async def test_what_a_lost_connection_has_missed_is_filled_in_and_alerted_once(start: Start):
    """Trades of three minutes are missed: the candles are whole, and the alert inside fires."""
    recording = load(CALM)
    async with ReplayServer(
        recording, rebase="now", begin=GONE - 150, speed=PACE, pace=PACE, waits=True
    ) as venue:
        env = {**at(venue), "MARKET_SOURCES": "kraken", "MARKET_TIME_SCALE": str(PACE)}
        server = await start(env=env, prepare=USERS)
        url = server.env["DATABASE_URL"]
        async with watching(server) as client:
            await told(client, feed="live")
        answer = await asyncio.to_thread(
            server.request,
            "POST",
            "/api/v1/price-alerts",
            json={"symbol": "BTC-USD", "kind": "price_above", "threshold": REACHED},
            token=token_for(ALICE),
        )
        assert answer.status == 201, answer
        states = partial(query, url, "SELECT state FROM market_pricealert")
        await until(lambda: states() == [("armed",)])
        assert venue.clock.position < GONE * SECOND, "the machine is too slow for this test"
        await until(lambda: venue.clock.position >= GONE * SECOND)
        venue.lay(parse("away"))
        venue.lay(parse("cut,times=1"))
        await until(lambda: venue.clock.position >= (GONE + 60 * MINUTES) * SECOND)
        assert states() == [("armed",)]
        venue.lift()
        await until(lambda: states() == [("fired",)])
        recorded = venue.clock.moment - venue.clock.position
        whole = venue.clock.moment // MINUTE * MINUTE
        want = _minutes(CALM, venue.clock.shift, until=whole)
        await until(lambda: day.is_right(day.compare(want, _before(day.stored(url, 1), whole))))
        [[text]] = query(url, "SELECT metadata FROM notifications_notification")
        reached = recorded + (GONE * SECOND), recorded + (GONE + 60 * MINUTES) * SECOND
        assert json.loads(text)["threshold"] == REACHED
        assert written(reached[0]) < json.loads(text)["as_of"] < written(reached[1])


def _minutes(recording: Path, shift: int, *, until: int) -> dict[day.Key, truth.Bar]:
    """Return the true minutes of Bitcoin."""
    deals = [each for each in truth.deals(recording, shift=shift) if each.symbol == "BTC/USD"]
    named = [each._replace(symbol="BTC-USD") for each in deals]
    return _before(truth.candles(named, 1), until)


def _before(found: dict[day.Key, truth.Bar], until: int) -> dict[day.Key, truth.Bar]:
    return {
        key: bar for key, bar in found.items() if key[0] == "BTC-USD" and key[1] + MINUTE <= until
    }


SCALE = 5
FROZEN_SECONDS = 15 / SCALE
COUNT = 100
# Creates alerts below the price, a twentieth of a percent apart; it falls by two percent a minute.
ALERTS = f"""
from decimal import Decimal
from hoardrun.market.alerts.services import alert_create
from hoardrun.market.selectors import quote_get
price = quote_get(symbol="BTC-USD").price
for number in range(1, {COUNT} + 1):
    threshold = price * (1 - Decimal(number) / 2000)
    alert_create(user_id={ALICE}, symbol="BTC-USD", kind="price_below",
        threshold=str(threshold.quantize(Decimal("0.01"))), if_true="fire")  # it may be so by now
"""
FIRED = "SELECT id, fire_count FROM market_pricealert WHERE fire_count > 0 ORDER BY id"
OF_EPOCH = (
    "SELECT instrument_id, minutes, bucket, open, high, low, close, volume, trades, is_closed, "
    "revision FROM market_candle WHERE epoch = {engine}",
    "SELECT instrument_id, price, as_of, feed FROM market_last_quote WHERE epoch = {source}",
    "SELECT instrument_id, price, at FROM market_alertcursor WHERE epoch = {engine}",
)


class Own(PgBouncer):
    """One of this test alone."""

    name = "PgBouncer-venue"


@pytest.fixture(
    params=[
        "sqlite",
        "postgres",
        pytest.param("pooled", marks=[pytest.mark.pooler, pytest.mark.feed(number=15)]),
    ]
)
def store(request: pytest.FixtureRequest) -> Iterator[tuple[dict[str, str], str]]:
    """Return the address of a database for servers, if they make none, and for the test."""
    if request.param == "sqlite":
        yield {}, ""
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    direct = postgres.migrated(f"venue_{request.param}")
    if request.param == "postgres":
        yield {"DATABASE_URL": direct}, direct
        return
    pooler = Own(postgres)
    yield {"DATABASE_URL": pooler.url(direct)}, direct
    pooler.stop()


@pytest.mark.feed(number=10)
async def test_a_leader_that_wakes_after_its_lease_writes_nothing_and_alerts_nobody_twice(
    start: Start, store: tuple[dict[str, str], str], redis: Redis
):
    async with ReplayServer(load(STORM), rebase="now", pace=SCALE) as venue:
        database, url = store
        env = {
            **at(venue), **database,
            "MARKET_SOURCES": "kraken", "MARKET_TIME_SCALE": str(SCALE),
            "REDIS_URL": redis.url, "REDIS_PREFIX": f"venue{os.getpid()}",
        }  # fmt: skip
        first = await start(env=env, prepare=USERS)
        url = url or first.env["DATABASE_URL"]
        env["DATABASE_URL"] = first.env["DATABASE_URL"]
        await until(lambda: _led_by(url, first))
        second = await start(env=env, migrate=False)
        await asyncio.to_thread(first.shell, ALERTS)
        pending = partial(query, url, "SELECT 1 FROM market_pricealert WHERE state = 'pending'")
        await until(lambda: not pending())
        await until(lambda: query(url, FIRED))
        before = _epochs(url)
        await _freeze(first, url)
        await asyncio.sleep(FROZEN_SECONDS)
        await until(lambda: _led_by(url, second))
        taken_over = len(query(url, FIRED))
        await until(lambda: len(query(url, FIRED)) > taken_over)
        assert min(_epochs(url)[name] - epoch for name, epoch in before.items()) == 1
        kept = _written(url, before)
        first.signal(SIGCONT)
        for name in before:
            await until(lambda: f"leads {name} no more" in first.log())  # noqa: B023 waited for
        woken = len(query(url, FIRED))
        await until(lambda: len(query(url, FIRED)) > woken + 2)
        assert _led_by(url, second)
        for earlier, now in zip(kept, _written(url, before), strict=True):
            assert now <= earlier, "the leader that was overtaken has written"
        fired = query(url, FIRED)
        assert [id_ for id_, _ in fired] == list(range(fired[0][0], fired[-1][0] + 1)), (
            "one is lost"
        )
        assert {count for _, count in fired} == {1}
        await until(lambda: set(_notified(url)) >= {id_ for id_, _ in fired})
        assert set(_notified(url).values()) == {1}


async def _freeze(server: Server, url: str) -> None:
    """Freeze a process; on SQLite not in the middle of a write, which would hold up all others."""
    while True:
        server.signal(SIGSTOP)
        if not url.startswith("sqlite") or _can_write(url):
            return
        server.signal(SIGCONT)
        await asyncio.sleep(0.1)


def _can_write(url: str) -> bool:
    try:
        with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=1) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.OperationalError:
        return False
    return True


def _leases(url: str) -> Sequence[tuple[str, str, int]]:
    return query(url, "SELECT name, holder, epoch FROM market_lease")


def _epochs(url: str) -> dict[str, int]:
    return {name: epoch for name, _, epoch in _leases(url)}


def _led_by(url: str, server: Server) -> bool:
    found = _leases(url)
    return len(found) == 2 and all(f":{server.pid}:" in holder for _, holder, _ in found)


def _written(url: str, epochs: dict[str, int]) -> list[set[Any]]:
    """Return what carries the numbers of these leases."""
    numbers = {"engine": epochs["engine"], "source": epochs["source:kraken"]}
    return [set(query(url, statement.format(**numbers))) for statement in OF_EPOCH]


def _notified(url: str) -> Counter[int]:
    """Count the notifications of each alert."""
    found = query(url, "SELECT metadata FROM notifications_notification WHERE type = 'market'")
    metadata = (json.loads(one) if isinstance(one, str) else one for (one,) in found)
    return Counter(int(each["alert"]) for each in metadata)


STALLED_SECONDS = 20
MORE_KILOBYTES = 30_000


@pytest.mark.feed(number=13)
async def test_a_table_that_stalls_costs_no_connection_no_memory_and_no_price(
    start: Start, postgres: Postgres
):
    """On SQLite the leases stall with it: then the leader stops in time, see `test_source.py`."""
    url = postgres.migrated("venue_stalled")
    async with ReplayServer(load(STORM), rebase="now") as venue:
        env = {**at(venue), "MARKET_SOURCES": "kraken", "DATABASE_URL": url}
        server = await start(env=env, prepare=USERS)
        price = partial(
            query, url, "SELECT as_of FROM market_last_quote ORDER BY as_of DESC LIMIT 1"
        )
        await until(price)
        async with watching(server) as client:
            await told(client, feed="live")
            memory = _kilobytes(server)
            with psycopg.connect(url) as holding:
                holding.execute(
                    "LOCK TABLE market_last_quote, market_candle IN ACCESS EXCLUSIVE MODE"
                )
                [[stalled_at]] = holding.execute("SELECT max(as_of) FROM market_last_quote")
                seen = len(client.journal)
                await _listen(client, STALLED_SECONDS)
                during = [each["data"] for each in client.journal[seen:] if "data" in each]
            prices = [each for each in during if each.get("symbol") == "BTC-USD"]
            assert {each["feed"] for each in prices} == {"live"}
            assert len({each["as_of"] for each in prices}) > STALLED_SECONDS / 4
            newest = prices[-1]["as_of"]
            await until(lambda: price() and _written_as(price()[0][0]) >= newest)
        assert price()[0][0] > stalled_at
        assert (len(venue.connects), venue.counts["slow"]) == (1, 0)
        assert _kilobytes(server) - memory < MORE_KILOBYTES


def _written_as(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


async def _listen(client: Client, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while loop.time() < ends:
        await client.receive("market_update", timeout=30)


def _kilobytes(server: Server) -> int:
    """Return the memory that a server's process holds."""
    for line in Path(f"/proc/{server.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError("It has ended.")
