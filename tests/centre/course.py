"""The course of a run: commit under faults, heal, and let all ladders end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tests.centre.nemeses import NEMESES, WORDS, chosen
from tests.centre.plan import Plan
from tests.centre.scenes import SCENES
from tests.centre.settling import longest, open_ones
from tests.centre.world import Centre, Devices
from tests.faults import course
from tests.services.ports import PATIENCE, wait_until

PAUSES = (0.5, 2.0)  # seconds between two faults


class Course(course.Course[Plan]):
    """The producers are the load: they go on until enough is broken and committed."""

    nemeses, quiet = NEMESES, WORDS
    table, rows = "notifications_notification", "committed"

    def __init__(
        self, plan: Plan, centre: Centre, devices: Sequence[Devices], say: Callable[[str], None]
    ) -> None:
        super().__init__(plan, centre, say)
        self.centre, self.devices = centre, devices

    def run(self) -> None:
        """Go all the way, or until it is broken off."""
        with self.whole():
            with self.phase("committing"):
                self._commit()
            with self.phase("settling"):
                left = open_ones(self.centre, self.plan)
                self.is_settled = self.until_nothing_is_open(left, longest(self.plan))

    def _commit(self) -> None:
        plan, centre = self.plan, self.centre
        if plan.scene:
            SCENES[plan.scene](centre, self.devices)
        else:
            for number in range(plan.producers):
                rate = plan.rate / plan.producers
                centre.produce(f"p{number}", plan.seed * 100 + number, rate)
            wait_until(self._all_produce, seconds=30, what="producers publish")
            self._break()
            centre.stop_producers()
        for each in self.devices:
            each.ask("calm")
        if plan.troubles is None:  # those that a plan asks for go on
            centre.outside.ask("quiet")

    def _all_produce(self) -> bool:
        """Say whether all have begun; raises RuntimeError, with its log, if one has ended."""
        for name, process in self.centre.producers.items():
            if process.exit_code is not None:
                raise RuntimeError(f"producer {name} has ended:\n{process.tail()}")
        return self.centre.producing()

    def _break(self) -> None:
        """Break things, spread over the notifications, until enough is broken and committed."""
        plan, rng = self.plan, self.scene.rng
        names = chosen(plan.store, tuple(plan.nemeses))
        deadline = time.monotonic() + self._longest()
        waiting: list[str] = []
        number, committed = 0, 0
        while number < plan.faults or committed < plan.notifications:
            time.sleep(rng.uniform(*PAUSES))
            self._all_produce()
            committed = self.count()
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {committed} are committed, after {number} faults")
            if number >= plan.faults or committed * plan.faults < number * plan.notifications:
                self.tell_seldom(f"{committed:6} committed")
                continue
            if not waiting:
                waiting = list(names)
                rng.shuffle(waiting)
            name = waiting.pop()
            number += name not in WORDS or WORDS.keys() >= set(names)  # those break nothing
            self.play(name)

    def _longest(self) -> float:
        """Return after how many seconds it is too slow to go on."""
        plan = self.plan
        return (120 + 3 * plan.notifications / plan.rate + 20 * plan.faults) * PATIENCE
