"""One run: ask for payments under faults, heal, let all payments end, reconcile, check."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.nemeses import Scene
from tests.faults.truth import counted
from tests.payments import evidence
from tests.payments.checker import Verdict, check
from tests.payments.nemeses import NEMESES, chosen
from tests.payments.plan import Plan
from tests.payments.settling import settle
from tests.payments.world import World
from tests.services.ports import PATIENCE
from tests.services.process import Process

TOLD_EVERY_SECONDS = 15.0
PAUSE_SECONDS = 0.2


@dataclass
class Outcome:
    """What a run did and what the checker found."""

    plan: Plan
    verdict: Verdict
    faults: Counter[str]
    problems: list[str]
    seconds: float
    settled: bool
    phases: dict[str, float] = field(default_factory=dict)  # how many seconds each took

    @property
    def clean(self) -> bool:
        return self.verdict.clean and not self.problems and self.settled


def run(plan: Plan, folder: Path, say: Callable[[str], None] = print) -> Outcome:
    """Carry out a plan, with all its files in `folder`."""
    began = time.monotonic()
    chosen(plan.store, tuple(plan.nemeses))  # raises ValueError before anything is started
    phases: dict[str, float] = {}

    @contextlib.contextmanager
    def phase(name: str) -> Iterator[None]:
        since = time.monotonic()
        yield
        phases[name] = time.monotonic() - since

    with contextlib.ExitStack() as stack:
        with phase("starting"):
            world = stack.enter_context(contextlib.closing(World(plan, folder)))
            world.start()
        course = Course(plan, world, say)
        with phase("asking"):
            course.run()
        with phase("settling"):
            settled = settle(world, plan, say)
        with phase("giving back"):
            course.give_back()
            settled = settle(world, plan, say) and settled
        with phase("reconciling"):
            world.reconcile()
            settled = settle(world, plan, say) and settled
            world.rest()
        with phase("checking"):
            problems = course.problems + world.problems()
            found = evidence.read(world.database_url, folder, plan)
            verdict = check(found, world.verified())
    seconds = time.monotonic() - began
    return Outcome(plan, verdict, course.faults, problems, seconds, settled, phases)


class Course:
    """The time in which payments are asked for and things are broken."""

    def __init__(self, plan: Plan, world: World, say: Callable[[str], None]) -> None:
        self.plan, self.world, self._say = plan, world, say
        self.scene = Scene(world, [], random.Random(plan.seed), {}, [])
        self.faults: Counter[str] = Counter()
        self._began = self._told_at = time.monotonic()

    @property
    def problems(self) -> list[str]:
        return self.scene.problems

    def run(self) -> None:
        """Play the faults, spread over the payments, until all payments were asked for."""
        plan, world = self.plan, self.world
        load = world.ask_for_all()
        deadline = time.monotonic() + self._longest()
        left = self._order()
        while load.exit_code is None:
            self._pass_time(deadline)
            count = self._count()
            number = plan.faults - len(left)
            if left and count * (plan.faults + 1) >= (number + 1) * plan.payments:
                self._play(left.pop(0), count)
            elif time.monotonic() - self._told_at > TOLD_EVERY_SECONDS:
                self._tell(f"{count:6} payments")
        self._check_answered(load)
        for name in left:
            self._play(name, self._count())

    def give_back(self) -> None:
        """Have some payments given back, and break one thing meanwhile if faults are wanted."""
        load = self.world.give_back()
        deadline = time.monotonic() + self._longest()
        if self.plan.faults:
            self._play(self.scene.rng.choice(self._names()), self._count())
        while load.exit_code is None:
            self._pass_time(deadline)
        self._check_answered(load)

    def _pass_time(self, deadline: float) -> None:
        """Wait a moment, and lead callbacks to any node from then on."""
        time.sleep(PAUSE_SECONDS)
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {self._count()} payments were asked for")
        self.world.lead_hooks(self.scene.rng.randrange(len(self.world.nodes)))

    def _check_answered(self, load: Process) -> None:
        if load.exit_code:
            self.problems.append(f"not all requests were answered:\n{load.tail()}")

    def _names(self) -> list[str]:
        return chosen(self.plan.store, tuple(self.plan.nemeses))

    def _order(self) -> list[str]:
        """Return the faults of this run: each once, and then by chance."""
        names = self._names()
        first = names[: self.plan.faults]
        return first + self.scene.rng.choices(names, k=self.plan.faults - len(first))

    def _longest(self) -> float:
        """Return after how many seconds it is too slow to go on."""
        plan = self.plan
        return (60 + 5 * plan.payments / plan.rate + 30 * plan.faults) * PATIENCE

    def _play(self, name: str, count: int) -> None:
        """Play one fault. One that fails is a problem, and what it has left broken is mended."""
        began = time.monotonic()
        try:
            NEMESES[name](self.scene)
            self.world.until_working()
        except Exception as error:
            self.problems.append(f"{name}: {error!r}")
            self.world.mend()
        self.faults[name] += 1
        self._tell(f"{name:<18} {time.monotonic() - began:4.1f} s, {count:6} payments")

    def _tell(self, text: str) -> None:
        self._told_at = time.monotonic()
        self._say(f"[{self._told_at - self._began:4.0f} s] {text}")

    def _count(self) -> int:
        return counted(self.world.database_url, "SELECT count(*) FROM payments_providerpayment")
