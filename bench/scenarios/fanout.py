"""One message to many sockets: at once, and at a steady rate."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from functools import partial

from bench.broadcast import Case, measure
from bench.contender import Bench, Contender
from bench.contenders import BROADCAST
from bench.goals import Goal, Side
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part, Scenario

FEW, MANY = 1000, 10_000
BURST, BURST_QUICK_SLOW = 50, 5


def _cases(bench: Bench, contender: Contender) -> Sequence[Case]:
    if contender.slow:  # a steady rate is more than it can do
        return [Case("burst", BURST_QUICK_SLOW if bench.quick else BURST)]
    paced = Case("paced", 200, 100) if bench.quick else Case("paced", 1000, 200)
    return [Case("burst", BURST), paced]


def _usual(contender: Contender, bench: Bench, number: int) -> Iterator[Sample]:
    sockets = 200 if bench.quick else FEW
    return measure(contender, sockets, _cases(bench, contender), bench, number)


def _many(contender: Contender, bench: Bench, number: int) -> Iterator[Sample]:
    yield from measure(contender, FEW, [_calm(FEW)], bench, number)
    cases = [Case(f"burst-{MANY}", BURST), _calm(MANY)]
    yield from measure(contender, MANY, cases, bench, number)


def _calm(sockets: int) -> Case:
    """So slow that no message waits for another, whatever the audience up to MANY."""
    return Case(f"calm-{sockets}", 50, 5)


def _parts(bench: Bench) -> Sequence[Part]:
    parts = [
        Part(contender.name, partial(_usual, contender), contender.missing())
        for contender in BROADCAST
    ]
    if not bench.quick:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        missing = None if limit > MANY + 500 else "more open files (ulimit -n 20000)"
        parts.append(Part(f"hoardrun-{MANY}", partial(_many, Hoardrun()), missing))
    return parts


def _cpu(contender: str, case: str = "burst", figure: str = "cpu_us") -> Side:
    return Side(case, contender, figure)


SCENARIO = Scenario(
    name="fanout",
    summary="one message to 1,000 sockets: 50 at once, then 200 a second",
    parts=_parts,
    columns=[
        Column("messages", "messages", 0),
        Column("cpu_us", "CPU µs a delivery"),
        Column("server_us", "server"),
        Column("publisher_us", "publisher"),
        Column("postgres_us", "PostgreSQL"),
        Column("redis_us", "Redis"),
        Column("rate", "deliveries/s", 0),
        Column("p50_ms", "p50 ms"),
        Column("p99_ms", "p99 ms"),
        Column("max_ms", "max ms"),
        Column("bytes", "bytes", 0),
        Column("client_us", "client µs"),
    ],
    goals=[
        Goal("burst: CPU, hoardrun to channels-daphne-pubsub", _cpu("hoardrun"), 1 / 30,
             _cpu("channels-daphne-pubsub")),
        Goal("burst: CPU, hoardrun to fastapi", _cpu("hoardrun"), 0.55, _cpu("fastapi")),
        Goal("burst: CPU, hoardrun to nchan", _cpu("hoardrun"), 1.0, _cpu("nchan")),
        Goal("burst: CPU, hoardrun to nchan-pipelined", _cpu("hoardrun"), 1.0,
             _cpu("nchan-pipelined")),
        Goal("burst: CPU, hoardrun to c-loop", _cpu("hoardrun"), 1.4, _cpu("c-loop")),
        Goal("paced: CPU, hoardrun to nats", _cpu("hoardrun", "paced"), 1.0,
             _cpu("nats", "paced")),
        Goal("paced: p99, hoardrun to nats", Side("paced", "hoardrun", "p99_ms"), 1.0,
             Side("paced", "nats", "p99_ms")),
        Goal("paced: CPU, hoardrun-market to nats", _cpu("hoardrun-market", "paced"), 1.0,
             _cpu("nats", "paced")),
        Goal("paced: p99, hoardrun-market to nats", Side("paced", "hoardrun-market", "p99_ms"),
             1.0, Side("paced", "nats", "p99_ms")),
        Goal(f"CPU a delivery, {MANY:,} sockets to {FEW:,}", _cpu("hoardrun", f"burst-{MANY}"),
             1.2, _cpu("hoardrun")),
        # Ten times the audience dilutes what publishing costs, but not what serving costs;
        # and in a burst more messages gather for a socket while the others are served.
        Goal(f"server's CPU a delivery, {MANY:,} sockets to {FEW:,}",
             _cpu("hoardrun", f"burst-{MANY}", "server_us"), 1.2,
             _cpu("hoardrun", figure="server_us")),
        Goal(f"calm: server's CPU a delivery, {MANY:,} sockets to {FEW:,}",
             _cpu("hoardrun", f"calm-{MANY}", "server_us"), 1.2,
             _cpu("hoardrun", f"calm-{FEW}", "server_us")),
    ],
    chart=[("burst", "cpu_us", "CPU microseconds a delivery, burst")],
    notes=[
        "CPU is user and system time of all that the contender runs: the server, PostgreSQL "
        "where it has one, and the publisher where that is a Python process of the "
        "contender's. Redis and the client that holds the sockets are apart. Medians over the "
        "rounds.",
        "Latency is from publishing to the socket; at a rate, from when the message was due, "
        "so that a publisher which is held up counts. The client's own CPU is shown because "
        "it shares the machine.",
        "nchan and FastAPI are sent each POST after the answer to the one before; "
        "nchan-pipelined, nats-server and hoardrun's publisher do not wait, so that in a burst "
        "their latency is mostly the time that a message waits for those before it.",
        f"In a burst more messages gather for one write to {MANY:,} sockets than to {FEW:,}. "
        "At 5 messages a second, which is calm, none waits for another.",
        "Stock Channels is not paced: 200 messages a second to 1,000 sockets are more than it "
        f"delivers. With --quick its burst is {BURST_QUICK_SLOW} messages, as the table says.",
    ],
)  # fmt: skip
