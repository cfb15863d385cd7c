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
# After it a minute's candle is closed, and a hole asked for once more.
SETTLING_SECONDS = 20.0
OTHERS_EVERY = 6  # faults: one is another than those of leaders


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
        for number, name in enumerate(self._order()):
            # Spread over the minutes, or as soon as the last one is over.
            due = began + number * plan.minutes * 60 / max(plan.faults, 1)
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
        failover = self.plan.failover
        deadline = time.monotonic() + SETTLING_SECONDS + failover
        while time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        self.is_settled = True

    def _order(self) -> Iterator[str]:
        """Yield the faults: those of leaders in turn, and now and then another one."""
        names = chosen(self.plan.store, tuple(self.plan.nemeses))
        leaders = [name for name in names if name in LEADERS] or names
        others = [name for name in names if name not in LEADERS] or leaders
        for number in range(self.plan.faults):
            is_other = number % OTHERS_EVERY == OTHERS_EVERY - 1
            among = others if is_other else leaders
            yield (
                among[number // OTHERS_EVERY % len(among)]
                if is_other
                else among[number % len(among)]
            )
