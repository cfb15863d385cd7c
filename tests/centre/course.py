"""The course of a run: commit under faults, heal, and let all ladders end.

Nothing that happens on the way loses the run. A fault that fails is a problem, and what it left
broken is mended; whoever interrupts the run gets the report of what was done until then.
"""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tests.centre.nemeses import NEMESES, WORDS, chosen
from tests.centre.plan import Plan
from tests.centre.scenes import SCENES
from tests.centre.settling import TOLD_EVERY_SECONDS, settle
from tests.centre.world import Centre, Devices
from tests.faults.nemeses import Scene
from tests.faults.truth import counted
from tests.services.ports import PATIENCE, wait_until

PAUSES = (0.5, 2.0)  # seconds between two faults
MOST_PROBLEMS = 5  # faults that may fail until the run is broken off
UNDER_WAY_SECONDS = 10.0  # what is younger when a run is broken off is not judged


class Course:
    """What happens in a run, and what was found wrong meanwhile."""

    def __init__(
        self, plan: Plan, centre: Centre, devices: Sequence[Devices], say: Callable[[str], None]
    ) -> None:
        self.plan, self.centre, self.devices = plan, centre, devices
        self.scene = Scene(centre, [], random.Random(plan.seed), {}, [])
        self.healed: list[tuple[float, float]] = []  # when each fault began, and ended
        self.faults: Counter[str] = Counter()
        self.phases: dict[str, float] = {}  # how many seconds each took
        self.fault_since = 0.0  # of the one that is being played
        self.is_settled = False
        self.ended = 0.0  # of what is due until then, everything is to be there
        self._say, self._began = say, time.monotonic()
        self._told_at = self._began

    def run(self) -> None:
        """Go all the way, or until it is broken off."""
        try:
            with _interruptible(), self._phase("committing"):
                self._commit()
            with _interruptible(), self._phase("settling"):
                self.is_settled = settle(self.centre, self.plan, self._tell)
            self.ended = time.time()
        except (Exception, KeyboardInterrupt) as error:
            self._break_off(error)

    def rest(self) -> None:
        """End the workers, so that nothing moves while it is checked."""
        try:
            self.centre.rest()
        except Exception as error:
            self.scene.problems.append(_described(error))

    def _break_off(self, error: BaseException) -> None:
        self._tell("broken off: the report is about what was done until now")
        self.ended = time.time() - UNDER_WAY_SECONDS
        self.scene.problems.append("broken off: " + _described(error))
        if self.fault_since:
            self.healed.append((self.fault_since, time.time()))
        for process in self.centre.producers.values():
            process.kill()
        self.centre.mend()

    @contextlib.contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = time.monotonic() - began

    def _tell(self, text: str) -> None:
        self._told_at = time.monotonic()
        self._say(f"[{self._told_at - self._began:4.0f} s] {text}")

    # -- committing

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
            committed = self._committed()
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {committed} are committed, after {number} faults")
            if number >= plan.faults or committed * plan.faults < number * plan.notifications:
                if time.monotonic() - self._told_at > TOLD_EVERY_SECONDS:
                    self._tell(f"{committed:6} committed")
                continue
            if not waiting:
                waiting = list(names)
                rng.shuffle(waiting)
            name = waiting.pop()
            number += name not in WORDS or WORDS.keys() >= set(names)  # those break nothing
            self._play(name, number)

    def _longest(self) -> float:
        """Return after how many seconds it is too slow to go on."""
        plan = self.plan
        return (120 + 3 * plan.notifications / plan.rate + 20 * plan.faults) * PATIENCE

    def _play(self, name: str, number: int) -> None:
        """Play one fault. One that fails is a problem, and must not end the run."""
        self.fault_since = began = time.time()
        try:
            NEMESES[name](self.scene)
        except Exception as error:
            self.scene.problems.append(f"{name}: {_described(error)}")
            self._tell(f"{name} failed: {error!r:.200}")
            if len(self.scene.problems) > MOST_PROBLEMS:
                raise
            self.centre.mend()
        ended, self.fault_since = time.time(), 0.0
        self.centre.until_working()  # the others have to do meanwhile
        self.faults[name] += 1
        if name not in WORDS:
            self.healed.append((began, ended))
        committed = self._committed()
        self._tell(f"{number:3} {name:<18} {ended - began:4.1f} s, {committed:6} committed")

    def _committed(self) -> int:
        database = self.centre.database_url
        return counted(database, "SELECT count(*) FROM notifications_notification")


def _described(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return "".join(traceback.format_exception(error))[-2000:]


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM interrupt as Ctrl-C does. Only the main thread hears of signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
