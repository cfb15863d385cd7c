"""The course of a run: faults that fail, and what ends it early."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from tests.faults.course import MOST_PROBLEMS, Course
from tests.faults.nemeses import Scene
from tests.faults.workers import Working
from tests.services.proof.plan import Plan


class Nothing:
    """A world in which nothing runs; it counts how often it was mended."""

    def __init__(self, folder: Path) -> None:
        self.database_url = f"sqlite:///{folder / 'rows'}"
        self.producers: dict[str, Any] = {}
        self.mended = 0
        with closing(sqlite3.connect(folder / "rows")) as rows:
            rows.execute("CREATE TABLE made (id)")

    def until_working(self) -> None:
        """All work."""

    def mend(self) -> None:
        self.mended += 1


def _fail(scene: Scene) -> None:
    raise RuntimeError("it cannot be broken")


class Ours(Course[Plan]):
    """Faults that break nothing."""

    nemeses = {"well": lambda scene: None, "word": lambda scene: None, "fails": _fail}
    quiet = {"word": nemeses["word"]}
    table, rows = "made", "made"


@pytest.fixture
def world(tmp_path: Path) -> Nothing:
    return Nothing(tmp_path)


def course(world: Nothing, say: Callable[[str], None] = print) -> Ours:
    return Ours(Plan(), cast(Working, world), say)


def test_each_fault_is_counted_and_those_that_break_something_are_healed(world: Nothing) -> None:
    ours = course(world)
    for name in ("well", "word", "well"):
        ours.play(name)
    assert dict(ours.faults) == {"well": 2, "word": 1}
    assert len(ours.healed) == 2
    assert (ours.problems, world.mended) == ([], 0)


def test_a_fault_that_fails_is_a_problem_and_what_it_left_is_mended(world: Nothing) -> None:
    ours = course(world)
    with ours.whole():
        ours.play("fails")
        ours.play("well")
    [problem] = ours.problems
    assert problem.startswith("fails: ") and problem.endswith("it cannot be broken\n")
    assert world.mended == 1
    assert ours.ended


def test_a_run_in_which_many_fail_is_broken_off(world: Nothing) -> None:
    told: list[str] = []
    ours = course(world, told.append)
    with ours.whole():
        for _ in range(MOST_PROBLEMS + 2):
            ours.play("fails")
    assert len(ours.problems) == MOST_PROBLEMS + 2  # and that it was broken off
    assert ours.problems[-1].startswith("broken off: ")
    assert ours.ended < time.time()
    assert "broken off" in told[-1]


def test_who_ends_a_run_early_gets_its_report(world: Nothing) -> None:
    ours = course(world)
    with ours.whole(), ours.phase("asking"):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
    assert ours.problems == ["broken off: interrupted"]
    assert list(ours.phases) == ["asking"]


def test_it_waits_until_nothing_is_open(world: Nothing) -> None:
    left = iter(["2 ladders", "1 ladder", ""])
    assert course(world).until_nothing_is_open(lambda: next(left), 60)
    assert not course(world).until_nothing_is_open(lambda: "1 ladder", 0)
