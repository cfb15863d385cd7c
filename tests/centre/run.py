"""One run: start everything, commit under faults, heal, let all ladders end, check."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.centre import evidence
from tests.centre.checker import Checker
from tests.centre.nemeses import NEMESES, chosen
from tests.centre.plan import Plan
from tests.centre.scenes import SCENES
from tests.centre.verdict import Verdict
from tests.centre.world import Centre, peopled
from tests.faults import truth
from tests.faults.nemeses import Scene
from tests.services.ports import wait_until

PAUSES = (0.5, 2.0)  # seconds between two faults
SETTLED_SECONDS = 240.0
# The longest ladder, and what is found out about its last message.
LONGEST_SECONDS = 900.0 + 300.0


@dataclass
class Outcome:
    """What a run did and what the checker found."""

    plan: Plan
    verdict: Verdict
    faults: Counter[str]
    problems: list[str]
    seconds: float
    settled: bool
    healed: list[tuple[float, float]] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return self.verdict.clean and not self.problems and self.settled


def run(plan: Plan, folder: Path, say: Callable[[str], None] = print) -> Outcome:
    """Carry out a plan, with all its files in `folder`."""
    began = time.monotonic()
    names = chosen(plan.store, tuple(plan.nemeses))
    with peopled(plan, folder) as (centre, devices):
        scene = Scene(centre, [], random.Random(plan.seed), {}, [])
        healed: list[tuple[float, float]] = []
        faults: Counter[str] = Counter()
        if plan.scene:
            SCENES[plan.scene](centre, devices)
        else:
            for number in range(plan.producers):
                rate = plan.rate / plan.producers
                centre.produce(f"p{number}", plan.seed * 100 + number, rate)
            wait_until(lambda: _produce(centre), seconds=30, what="producers publish")
            for name, from_, until in _break(plan, names, scene, say, began):
                faults[name] += 1
                healed.append((from_, until))
            centre.stop_producers()
        for each in devices:
            each.ask("calm")
        if plan.troubles is None:  # those that a plan asks for go on
            centre.outside.ask("quiet")
        settled = _settle(centre, plan)
        ended = time.time()
        problems = scene.problems + truth.corruption(centre.database_url) + centre.problems()
        found = evidence.read(centre.database_url, folder, plan.scale, ended)
        found.healed = healed
        verdict = Checker(found).run()
        for each in devices:
            each.end()
    seconds = time.monotonic() - began
    return Outcome(plan, verdict, faults, problems, seconds, settled, healed)


def _produce(centre: Centre) -> bool:
    """Say whether all producers have begun; raises RuntimeError, with its log, if one has ended."""
    for name, process in centre.producers.items():
        if process.exit_code is not None:
            raise RuntimeError(f"producer {name} has ended:\n{process.tail()}")
    return centre.producing()


def _break(
    plan: Plan, names: Sequence[str], scene: Scene, say: Callable[[str], None], began: float
) -> Iterator[tuple[str, float, float]]:
    """Break things until enough is broken and committed; yields each fault with its times."""
    waiting: list[str] = []
    number = 0
    while number < plan.faults or _committed(scene.cluster.database_url) < plan.notifications:
        time.sleep(scene.rng.uniform(*PAUSES))
        if number >= plan.faults and plan.faults >= 0:
            continue
        if not waiting:
            waiting = list(names)
            scene.rng.shuffle(waiting)
        name, number = waiting.pop(), number + 1
        from_ = time.time()
        NEMESES[name](scene)
        yield name, from_, time.time()
        say(
            f"[{time.monotonic() - began:4.0f} s] {number:3} {name:<18} "
            f"{time.time() - from_:4.1f} s, {_committed(scene.cluster.database_url):6} committed"
        )


def _committed(database_url: str) -> int:
    return _count(database_url, "SELECT count(*) FROM notifications_notification")


def _settle(centre: Centre, plan: Plan) -> bool:
    """Wait until no ladder is due within the longest one, and nothing is on its way."""
    soon = time.time() + LONGEST_SECONDS / plan.scale
    deadline = time.monotonic() + LONGEST_SECONDS / plan.scale + SETTLED_SECONDS
    moment = f"to_timestamp({soon})"
    if plan.store == "sqlite":
        moment = f"strftime('%Y-%m-%d %H:%M:%f', {soon}, 'unixepoch')"
    open_ones = (
        f"SELECT (SELECT count(*) FROM notifications_escalation WHERE closed_at IS NULL "
        f"AND due_at < {moment}) + (SELECT count(*) FROM notifications_delivery "
        f"WHERE state IN ('queued', 'sending', 'unknown') AND not_before < {moment}) "
        f"+ (SELECT count(*) FROM notifications_digest WHERE closed_at IS NULL "
        f"AND due_at < {moment})"
    )
    while _count(centre.database_url, open_ones) or centre.outside.ask("waiting")["reports"]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def _count(database_url: str, statement: str) -> int:
    """Ask the database for a number; one that recovers is waited for."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with truth.connected(database_url) as query:
                [[number]] = query(statement)
                return int(number)
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
