"""Plays many schedules, and says what to do about one that breaks a promise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.simulation import schedule
from tests.simulation.judge import VERDICTS
from tests.simulation.schedule import Schedule
from tests.simulation.world import Setting

KEPT = Path(__file__).parent / "kept"
SAY_EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Found:
    """A schedule that breaks a promise: its verdict, and what was seen."""

    schedule: Schedule
    verdict: str
    text: str

    def report(self, bug: str | None = None) -> str:
        """Say what happened, how to see it again, and the shortest way there."""
        seen = f"{self.verdict} ({VERDICTS[self.verdict]}): {self.text}\n"
        if not self.schedule.play():  # of a seeded bug that counts what it has seen, say
            return f"{seen}Alone it does not fail.\n{self.schedule.dump()}"
        seed, short = self.schedule.setting.seed, schedule.shorten(self.schedule)
        failures = short.play()
        text = failures[0][1] if failures else "now and then"
        command = f"python -m tests.simulation --seed {seed} --schedules 1"
        actions = "\n".join(f"    {action}" for action in short.actions)
        return (
            f"{seen}Again: {command}{f' --bug {bug}' if bug else ''}\n"
            f"The shortest: {text}\n{actions}\n{short.dump()}"
        )


def look(
    seeds: Iterable[int],
    *,
    only: Callable[[Setting], bool] = lambda setting: True,
    seconds: float | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[int, Found | None]:
    """Play the schedules of seeds until one fails; return how many, and what was found."""
    began = said = time.perf_counter()
    played = 0
    for seed in seeds:
        now = time.perf_counter()
        if seconds is not None and now - began > seconds:
            break
        if now - said > SAY_EVERY_SECONDS:
            said = now
            say(f"{played} schedules in {now - began:.0f} s, now seed {seed}")
        made = schedule.make(seed)
        if not only(made.setting):
            continue
        played += 1
        if failures := made.play():
            return played, Found(made, *failures[0])
    return played, None
