"""The pause before a batch."""

from __future__ import annotations

import pytest

from realtime.core.pace import Pace


def test_a_single_call_is_not_delayed() -> None:
    pace = Pace(0.3)
    assert pace.wait(100.0) == 0
    pace.began(100.0, 1)
    assert pace.wait(100.1) == 0


def test_a_batch_delays_the_next_by_its_size_up_to_the_limit() -> None:
    pace = Pace(0.3)
    pace.began(100.0, 10)
    small = pace.wait(100.0)
    pace.began(100.0, 50)
    assert 0 < small < pace.wait(100.0) < 0.3
    pace.began(100.0, 5000)
    assert pace.wait(100.0) == pytest.approx(0.3)
    assert pace.wait(100.2) == pytest.approx(0.1)
    assert pace.wait(101.0) == 0
