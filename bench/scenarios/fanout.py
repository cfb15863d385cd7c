"""One message to many sockets: at once, and at a steady rate."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence

from bench.broadcast import Case, measure
from bench.contender import Bench, Contender
from bench.contenders import BROADCAST
from bench.goals import Goal, against
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import CPU_A_DELIVERY, LATENCIES, Column, Part, Scenario

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


def _many(bench: Bench, number: int) -> Iterator[Sample]:
    yield from measure(Hoardrun(), FEW, [_calm(FEW)], bench, number)
    cases = [Case(f"burst-{MANY}", BURST), _calm(MANY)]
    yield from measure(Hoardrun(), MANY, cases, bench, number)


def _calm(sockets: int) -> Case:
    """Return a case so slow that no message waits for another, with up to MANY sockets."""
    return Case(f"calm-{sockets}", 50, 5)


def _files() -> str | None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if limit > MANY + 500 else "more open files (ulimit -n 20000)"


def _grows(text: str, case: str, figure: str, few: str) -> Goal:
    text = f"{text} a delivery, {MANY:,} sockets to {FEW:,}"
    return Goal(text, figure, (f"{case}-{MANY}", "hoardrun"), 1.2, (few, "hoardrun"))


SCENARIO = Scenario(
    name="fanout",
    summary="one message to 1,000 sockets: 50 at once, then 200 a second",
    parts=[
        *Part.of(BROADCAST, _usual),
        Part(f"hoardrun-{MANY}", _many, _files, is_large=True),
    ],
    columns=[
        Column("messages", "messages", 0),
        *CPU_A_DELIVERY,
        Column("rate", "deliveries/s", 0),
        *LATENCIES,
        Column("bytes", "bytes", 0),
        Column("client_us", "client µs"),
    ],
    goals=[
        against("channels-daphne-pubsub", "burst: CPU", "burst", "cpu_us", 1 / 30),
        against("fastapi", "burst: CPU", "burst", "cpu_us", 0.55),
        against("nchan", "burst: CPU", "burst", "cpu_us", 1.0),
        against("nchan-pipelined", "burst: CPU", "burst", "cpu_us", 1.0),
        against("c-loop", "burst: CPU", "burst", "cpu_us", 1.4),
        against("nats", "paced: CPU", "paced", "cpu_us", 1.0),
        against("nats", "paced: CPU", "paced", "cpu_us", 1.0, "hoardrun-market"),
        _grows("CPU", "burst", "cpu_us", "burst"),
        # Ten times the audience dilutes what publishing costs, but not what serving costs;
        # and in a burst more messages gather for a socket while the others are served.
        _grows("server's CPU", "burst", "server_us", "burst"),
        _grows("calm: server's CPU", "calm", "server_us", f"calm-{FEW}"),
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
)
