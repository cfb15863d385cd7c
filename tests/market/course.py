"""The course of a run: the venue trades while leaders are killed and frozen, then all ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tests.faults import course
from tests.market.evidence import armed
from tests.market.nemeses import LEADERS, NEMESES, chosen
from tests.market.plan import Plan
from tests.market.world import World

PAUSE_SECONDS = 0.2
OTHERS_EVERY = 6  # faults of leaders, after which comes another one


class Course(course.Course[Plan]):
    """The venue is the load: it trades until the faults are played, and the plan's minutes over."""

    nemeses = NEMESES
    table, rows = "market_candle", "candles"

    def __init__(self, plan: Plan, world: World, say: Callable[[str], None]) -> None:
        super().__init__(plan, world, say)
        self.world = world
        self.traded_until = 0.0

    def run(self) -> None:
        """Go all the way, or until it is broken off."""
        with self.whole():
            with self.phase("arming"):
                self.world.create_alerts()
                self.world.armed = armed(self.world.database_url)
            with self.phase("trading"):
                self._trade()
            with self.phase("settling"):
                self._settle()

    def _trade(self) -> None:
        plan = self.plan
        began = time.monotonic()
        order = list(self._order())
        for number, name in enumerate(order):
            # Spread over the minutes, or as soon as the last one is over.
            due = began + number * plan.minutes * 60 / len(order)
            while time.monotonic() < due:
                time.sleep(PAUSE_SECONDS)
                self.tell_seldom("the venue trades")
            self.play(name)
        while time.monotonic() < began + plan.minutes * 60:
            time.sleep(PAUSE_SECONDS)
            self.tell_seldom("the venue trades")
        self.traded_until = time.time()

    def _settle(self) -> None:
        """Wait until what was traded so far is judged, kept and told."""
        self.world.until_all_led()
        deadline = time.monotonic() + self.plan.settling + self.plan.failover
        while time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        self.is_settled = True

    def _order(self) -> Iterator[str]:
        """Yield the plan's faults, those of leaders in turn, and other ones between them."""
        names = chosen(self.plan.store, tuple(self.plan.nemeses))
        leaders = [name for name in names if name in LEADERS] or names
        others = [name for name in names if name not in leaders]
        for number in range(self.plan.faults):
            yield leaders[number % len(leaders)]
            if others and number % OTHERS_EVERY == OTHERS_EVERY - 1:
                yield others[number // OTHERS_EVERY % len(others)]
