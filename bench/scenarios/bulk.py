"""One notification to 10,000 users' own streams, a tenth of them online."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.contender import Bench, Contender
from bench.goals import against
from bench.load import Load
from bench.peers.channels import StockChannels
from bench.peers.hoardrun import Hoardrun
from bench.results import Sample
from bench.scenario import Column, Part, Scenario

STOCK = StockChannels("daphne", "pubsub")
CONTENDERS: Sequence[Contender] = (Hoardrun(), STOCK)


def measure(contender: Contender, bench: Bench, number: int) -> Iterator[Sample]:
    """Notify all users once; each socket must get its one notification."""
    users, online = (1000, 100) if bench.quick else (10_000, 1000)
    with contender.started(bench, users) as running, Load(bench.new_folder("load")) as load:
        # Spread over all users: those written first must not be those online.
        tokens = running.entry.tokens[: users : users // online]
        load.open(replace(running.entry, tokens=tokens), online)
        time.sleep(1)
        load.begin()
        before, began = running.spent(), time.monotonic()
        publisher = running.ask("bulk", users=users, within=600)["cpu"]
        published = time.monotonic() - began
        received = load.finish(1)
        figures = running.spent().since(before).figures("s", 1)
        figures["cpu_s"] += publisher
        figures |= {
            "publisher_s": publisher,
            "wall_s": published,
            "last_s": received.max / 1000,
        }
        yield Sample("bulk", contender.name, number, figures, received.problems())


SCENARIO = Scenario(
    name="bulk",
    summary="one notification to each of 10,000 users, 1,000 of them online",
    parts=Part.of(CONTENDERS, measure),
    columns=[
        Column("cpu_s", "CPU s", 2),
        Column("server_s", "server", 2),
        Column("publisher_s", "publisher", 2),
        Column("postgres_s", "PostgreSQL", 2),
        Column("wall_s", "s to publish", 2),
        Column("last_s", "s to the last socket", 2),
    ],
    goals=[against(STOCK.name, "CPU", "bulk", "cpu_s", 1 / 20)],
    notes=[
        "hoardrun sends with what `manage.py notify` calls, 500 users a transaction; stock "
        "Channels saves one after the other, which sends the signal that pushes."
    ],
    rounds=2,
)
