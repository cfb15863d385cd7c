"""Two things are compared in turns; the first turn does not count."""

from __future__ import annotations

from typing import Any

import pytest

from bench.contender import Bench, Running
from bench.opening import Entry
from bench.turns import TURNS, in_turns


def test_the_cost_of_each_is_told_without_the_first_turn() -> None:
    asked: list[str] = []
    clock = iter(range(10**6))

    def ask(verb: str, **given: Any) -> dict[str, Any]:
        asked.append(f"{verb} {given['kind']}")
        is_first = len(asked) <= 2
        return {"cpu": 100.0 if is_first else given["count"] * given["cost"], "wall": 0.0}

    running = Running([], Entry(0, [], []), ask=ask, postgres_cpu=lambda: float(next(clock)))
    found = list(
        in_turns(
            Bench(quick=True), 7, running, "a row", {1: "dear", 2: "cheap"}, "save",
            lambda key, count: {"kind": key, "count": count, "cost": 3.0 / key},
        )
    )  # fmt: skip
    assert asked[:4] == ["save 1", "save 2", "save 1", "save 2"]
    assert len(asked) == 2 * (TURNS + 1)
    assert [(one.case, one.contender, one.round) for one in found] == [
        ("a row", "dear", 7), ("a row", "cheap", 7),
    ]  # fmt: skip
    assert [one.figures["cpu_us"] for one in found] == [3e6, 1.5e6]
    assert found[0].figures["postgres_us"] == pytest.approx(1e6 / 20)  # one second a turn
