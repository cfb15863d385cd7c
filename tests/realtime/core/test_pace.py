"""The pause before a batch."""

from __future__ import annotations

import pytest

from realtime.core.pace import Pace, Rest


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


def test_a_rest_is_as_long_as_the_batch_took_up_to_the_limit() -> None:
    pace = Rest(0.3)
    assert pace.wait(100.0) == 0
    pace.began(100.0, 2)
    pace.ended(100.02)
    assert pace.wait(100.02) == pytest.approx(0.02)
    pace.began(101.0, 5000)
    pace.ended(103.0)
    assert pace.wait(103.0) == pytest.approx(0.3)
    pace.began(104.0, 1)
    pace.ended(104.2)
    assert pace.wait(104.2) == 0
