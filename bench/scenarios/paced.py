"""A steady 200 messages a second to 1,000 sockets: how late each delivery is."""

from __future__ import annotations

from collections.abc import Iterator

from bench.broadcast import Case, measure
from bench.contender import Bench, Contender
from bench.goals import against
from bench.peers.hoardrun import Hoardrun, HoardrunMarket
from bench.peers.nats import Nats
from bench.results import Sample
from bench.scenario import CPU_A_DELIVERY, LATENCIES, Column, Part, Scenario

SOCKETS = 1000
RATE = 200


def _round(contender: Contender, bench: Bench, number: int) -> Iterator[Sample]:
    case = Case("paced", RATE if bench.quick else 5 * RATE, RATE)
    return measure(contender, 200 if bench.quick else SOCKETS, [case], bench, number)


SCENARIO = Scenario(
    name="paced",
    summary=f"{RATE} messages a second to {SOCKETS:,} sockets: p99 of the delay, to nats-server",
    parts=Part.of((Hoardrun(), HoardrunMarket(), Nats()), _round),
    columns=[
        *LATENCIES,
        Column("first_p50_ms", "first socket p50"),
        Column("first_p99_ms", "p99"),
        Column("rest_p50_ms", "from first to last p50"),
        Column("rest_p99_ms", "p99"),
        *CPU_A_DELIVERY,
        Column("client_us", "client µs"),
    ],
    goals=[
        against("nats", "p99, announcements from the log", "paced", "p99_ms", 1.0),
        against("nats", "p99, prices", "paced", "p99_ms", 1.0, "hoardrun-market"),
        against("nats", "CPU", "paced", "cpu_us", 1.0),
        against("nats", "CPU", "paced", "cpu_us", 1.0, "hoardrun-market"),
    ],
    rounds=5,
    notes=[
        "The contenders take turns in each round; each starts anew, and the same client process "
        "reads the same number of sockets. One clock, monotonic, stamps and reads.",
        "A delivery's delay is from when the message was due until the client has read it, over "
        "all deliveries. The first socket tells of publishing and of the way to the server's first "
        "write; from first to last is what the audience adds, the client's reading included.",
        "All share the machine's cores, and the delays depend on what is left over: compare "
        "within a round.",
    ],
)
