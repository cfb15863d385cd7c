"""Devices of a run that catch up late: a few may after a fault, no reader may after a stall."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tests.faults.checker import Checker
from tests.faults.journal import read
from tests.faults.nemeses import Stall
from tests.faults.run import CATCH_UP_SECONDS, Outcome, Plan
from tests.faults.test_checker import World

COMMITTED, UNTIL = 1.0, 5.0  # all events; the moment from which d1 reads again


def run_with(late: float, folder: Path) -> Outcome:
    """Let d1 stall, and have its last event so long after that; d2 has all before."""
    world = World()
    world.check(folder)  # which writes the files
    for path in [*folder.glob("ledger-*.jsonl"), *folder.glob("journal-*.jsonl")]:
        lines = list(read(path))
        for line in lines:
            line[1] = COMMITTED
        if path.name.startswith("journal"):
            [*_, last] = [line for line in lines if line[2] == "d1"]
            last[1] = UNTIL + late
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    checker = Checker(copy.deepcopy(world.truth), folder)
    assert checker.run().clean
    return Outcome(Plan(), [], checker, [], 0.0, [Stall(UNTIL, ["d1", "d2"])])


@pytest.mark.parametrize("is_in_time", [True, False])
def test_each_reader_has_to_catch_up_soon_after_it_stalled(
    is_in_time: bool, tmp_path: Path
) -> None:
    late = CATCH_UP_SECONDS + (-1 if is_in_time else 1)
    outcome = run_with(late, tmp_path)
    assert outcome.stalled() == [0.0, pytest.approx(late)]
    assert outcome.in_time is is_in_time
