"""How soon callbacks are answered at 20 a second, and how soon payers see what they say."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from bench.contender import Bench, serving
from bench.goals import Goal
from bench.peers.hoardrun import installation
from bench.peers.money.screens import Called, Screens
from bench.results import Sample, delays
from bench.scenario import Part
from tests.services.driven import Driven
from tests.services.server import Server

RATE = 20.0  # callbacks a second
USERS = 20
ANSWER, STAGE = "a callback answered", "its stage on the screen"
END, ALL = "the end on the screen, once told", "the end on the screen, from the callback"
NAME = "hoardrun"
SETTINGS = {
    "DEBUG": "1",  # without which nothing is paid over plain HTTP
    "PAYMENTS_CALLBACK_URL": "http://localhost:1",  # only the path of its URLs is used
    "MTN_PACE": "1000",
    "WEBHOOK_RATE": "1000000/min",
}


def measure(bench: Bench, number: int) -> Iterator[Sample]:
    """Let MTN call about payments that wait for their PIN, one after the other."""
    count = 200 if bench.quick else 1200
    with ExitStack() as stack:
        folder = bench.new_folder("payments")
        provider = stack.enter_context(Driven("bench.peers.money.provider", log=folder / "stub"))
        settings = SETTINGS | provider.ask("where")
        made = installation(bench, USERS, "hoardrun_payments", **settings)
        server = stack.enter_context(Server("serve", env=made.env, migrate=False))
        worker = [sys.executable, "manage.py", "payments"]
        stack.enter_context(
            serving(worker, bench.new_folder("worker"), "hoardrun moves payments", env=made.env)
        )
        payer = stack.enter_context(
            Driven("bench.peers.money.payer", log=folder / "payer", env=made.env)
        )
        waiting = payer.ask("begin", within=300, users=USERS, count=count)["waiting"]
        receipts = provider.ask("pay")["receipts"]
        waiting = [{**one, "receipt": receipts[one["phone"]]} for one in waiting]
        called = asyncio.run(_play(server.port, made.tokens[:USERS], waiting))
        told = provider.ask("told")["told"]
    yield from _samples(
        [(called[one["transaction"]], told.get(one["id"])) for one in waiting], number
    )


async def _play(
    port: int, tokens: Sequence[str], waiting: Sequence[Mapping[str, str]]
) -> Mapping[str, Called]:
    async with Screens(port, tokens) as screens:
        await screens.play(waiting, RATE)
        return screens.called


def _samples(found: Sequence[tuple[Called, float | None]], number: int) -> Iterator[Sample]:
    """Tell of each callback, and of when the provider told that the money has come."""
    called = [one for one, _ in found]
    refused = sum(one.status != 200 for one in called)
    unseen = sum(one.ended is None for one in called)
    problems = [f"{refused} were refused"] if refused else []
    problems += [f"{unseen} ends were not seen"] if unseen else []
    moments = {
        ANSWER: [one.answered - one.began for one in called],
        STAGE: [one.shown - one.began for one in called if one.shown is not None],
        END: [one.ended - told for one, told in found if one.ended is not None and told],
        ALL: [one.ended - one.began for one in called if one.ended is not None],
    }
    for case, seconds in moments.items():
        figures = delays([1000 * each for each in seconds] or [0.0])
        yield Sample(case, NAME, number, figures, problems)


PART = Part("callbacks", measure)
GOALS = (
    Goal(f"p99 ms of a callback, {RATE:g} a second", "p99_ms", (ANSWER, NAME), 50),
    Goal("p99 ms from a callback to its stage on the screen", "p99_ms", (STAGE, NAME), 200),
    Goal("p99 ms from the provider's answer to the end on the screen", "p99_ms", (END, NAME), 200),
)
NOTES = (
    "Times begin before the callback is sent, and for the end once told when the provider has its "
    "answer ready. A callback shows `confirming`; the end is shown once a worker has asked the "
    "provider, which answers at once, and has moved the money. Node, worker, "
    "provider, PostgreSQL, Redis and 20 screens share the machine's cores.",
)
