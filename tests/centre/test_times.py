"""How late rungs fired, by histories made by hand."""

from __future__ import annotations

import pytest

from tests.centre.checker import Checker
from tests.centre.made_up import T, World


def test_a_rung_is_late_after_its_time_or_after_the_healing():
    world = World()
    number = world.commit("transaction.failed", reason="reached")
    row = world.row(number, "push", 0, T + 3)
    world.take(row, T + 4)
    row.attempts[0] = ("accepted", T + 6, T + 6.1)  # five seconds late
    world.found.outside[0][1] = T + 6.05
    world.phone(number, T + 7)
    verdict = Checker(world.found).run()
    assert verdict.p99 == pytest.approx(5)
    assert verdict.clean
    assert not verdict.in_time
    assert [spent for [spent] in verdict.parts.values()] == pytest.approx([2, 1, 2])
    world.found.healed.append((T, T + 5))
    found = Checker(world.found).run()
    assert found.p99 == pytest.approx(1)
    assert [spent for [spent] in found.parts.values()] == pytest.approx([0, 0, 1])


def test_what_fires_during_a_fault_is_not_measured():
    world = World()
    number = world.commit("transaction.failed", reason="reached")
    world.take(world.row(number, "push", 0, T + 6), T + 6)
    world.phone(number, T + 7)
    world.found.healed += [(T + 5, T + 9), (T, T + 2)]
    found = Checker(world.found).run()
    assert (found.late, found.figures["rungs_during_faults"]) == ([], 1)
