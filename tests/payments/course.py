"""The course of a run: ask for payments under faults, let all end, give some back, reconcile."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.faults import course
from tests.payments.nemeses import NEMESES, chosen
from tests.payments.plan import Plan
from tests.payments.settling import longest, open_ones
from tests.payments.world import World
from tests.services.ports import PATIENCE
from tests.services.process import Process

PAUSE_SECONDS = 0.2


class Course(course.Course[Plan]):
    """The clients are the load: they go on until all payments are asked for."""

    nemeses = NEMESES
    table, rows = "payments_providerpayment", "payments"

    def __init__(self, plan: Plan, world: World, say: Callable[[str], None]) -> None:
        super().__init__(plan, world, say)
        self.world = world

    def run(self) -> None:
        """Go all the way, or until it is broken off."""
        with self.whole():
            with self.phase("asking"):
                self._ask()
            with self.phase("settling"):
                settled = [self._settle()]
            with self.phase("giving back"):
                self._give_back()
                settled.append(self._settle())
            with self.phase("reconciling"):
                self.world.reconcile()
                settled.append(self._settle())
            self.is_settled = all(settled)

    def _settle(self) -> bool:
        return self.until_nothing_is_open(open_ones(self.world, self.plan), longest(self.plan))

    def _ask(self) -> None:
        """Play the faults, spread over the payments, until all payments were asked for."""
        plan = self.plan
        load = self.world.ask_for_all()
        deadline = time.monotonic() + self._longest()
        left = self._order()
        while load.exit_code is None:
            self._pass_time(deadline)
            count = self.count()
            number = plan.faults - len(left)
            if left and count * (plan.faults + 1) >= (number + 1) * plan.payments:
                self.play(left.pop(0))
            else:
                self.tell_seldom(f"{count:6} payments")
        self._check_answered(load)
        for name in left:
            self.play(name)

    def _give_back(self) -> None:
        """Have some payments given back, and break one thing meanwhile if faults are wanted."""
        load = self.world.give_back()
        deadline = time.monotonic() + self._longest()
        if self.plan.faults:
            self.play(self.scene.rng.choice(self._names()))
        while load.exit_code is None:
            self._pass_time(deadline)
        self._check_answered(load)

    def _pass_time(self, deadline: float) -> None:
        """Wait a moment, and lead callbacks to any node from then on."""
        time.sleep(PAUSE_SECONDS)
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {self.count()} payments were asked for")
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
