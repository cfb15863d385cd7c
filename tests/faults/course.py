"""The course of a run with workers: things break under a load, and then all comes to an end.

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
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Generic

from tests.faults.nemeses import Scene
from tests.faults.truth import counted
from tests.faults.workers import Nemesis, Working
from tests.services.proof.plan import PlanT

TOLD_EVERY_SECONDS = 15.0
MOST_PROBLEMS = 5  # faults that may fail until the run is broken off
UNDER_WAY_SECONDS = 10.0  # what is younger when a run is broken off is not judged


class Course(Generic[PlanT]):
    """What happens in a run, and what was found wrong meanwhile."""

    nemeses: ClassVar[Mapping[str, Nemesis]]
    quiet: ClassVar[Mapping[str, Nemesis]] = {}  # those that break nothing
    table: ClassVar[str]  # whose rows the load makes
    rows: ClassVar[str]  # and what people call them

    def __init__(self, plan: PlanT, world: Working, say: Callable[[str], None]) -> None:
        self.plan = plan
        self.scene = Scene(world, [], random.Random(plan.seed), {}, [])
        self.healed: list[tuple[float, float]] = []  # when each fault began, and ended
        self.faults: Counter[str] = Counter()
        self.phases: dict[str, float] = {}  # how many seconds each took
        self.fault_since = 0.0  # of the one that is being played
        self.is_settled = False
        self.ended = 0.0  # of what is due until then, everything is to be there
        self._world, self._say, self._began = world, say, time.monotonic()
        self._told_at = self._began

    @property
    def problems(self) -> list[str]:
        return self.scene.problems

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a phase, which SIGTERM interrupts as Ctrl-C does."""
        began = time.monotonic()
        try:
            with _interruptible():
                yield
        finally:
            self.phases[name] = time.monotonic() - began

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Go all the way, or until it is broken off."""
        try:
            yield
            self.ended = time.time()
        except (Exception, KeyboardInterrupt) as error:
            self._break_off(error)

    def rest(self) -> None:
        """End the workers, so that nothing moves while it is checked."""
        try:
            self._world.rest()
        except Exception as error:
            self.problems.append(_described(error))

    def until_nothing_is_open(self, left: Callable[[], str], seconds: float) -> bool:
        """Wait until nothing is left, at most so long; say now and then what still is."""
        deadline = time.monotonic() + seconds
        while text := left():
            if time.monotonic() > deadline:
                return False
            self.tell_seldom(f"{text} are open")
            time.sleep(0.3)
        return True

    def count(self) -> int:
        return counted(self._world.database_url, f"SELECT count(*) FROM {self.table}")

    def play(self, name: str) -> None:
        """Play one fault. One that fails is a problem, and must not end the run."""
        self.fault_since = began = time.time()
        try:
            try:
                self.nemeses[name](self.scene)
            finally:
                ended = time.time()
            self._world.until_working()  # the others have to do meanwhile
        except Exception as error:
            self.problems.append(f"{name}: {_described(error)}")
            self.tell(f"{name} failed: {error!r:.200}")
            if len(self.problems) > MOST_PROBLEMS:
                raise
            self._world.mend()
            ended = time.time()
        self.fault_since = 0.0
        self.faults[name] += 1
        if name not in self.quiet:
            self.healed.append((began, ended))
        number = sum(self.faults.values())
        self.tell(f"{number:3} {name:<18} {ended - began:4.1f} s, {self.count():6} {self.rows}")

    def tell_seldom(self, text: str) -> None:
        """Tell it, unless something was told a moment ago."""
        if time.monotonic() - self._told_at > TOLD_EVERY_SECONDS:
            self.tell(text)

    def tell(self, text: str) -> None:
        """Tell what happens, and when."""
        self._told_at = time.monotonic()
        self._say(f"[{self._told_at - self._began:4.0f} s] {text}")

    def _break_off(self, error: BaseException) -> None:
        self.tell("broken off: the report is about what was done until now")
        self.ended = time.time() - UNDER_WAY_SECONDS
        self.problems.append("broken off: " + _described(error))
        if self.fault_since:
            self.healed.append((self.fault_since, time.time()))
        for process in self._world.producers.values():
            process.kill()
        self._world.mend()


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
