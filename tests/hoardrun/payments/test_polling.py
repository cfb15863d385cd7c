"""When a provider is asked again, and when a person is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hoardrun.payments.polling import Plan, for_staff, next_look
from hoardrun.payments.states import FINAL, State
from tests.hoardrun.payments.support import SENT

STK = Plan(20)


def looks(plan: Plan, *, prompt: float | None, jitter: float = 0.0) -> list[float]:
    """Return the seconds of all looks, if each is made in time."""
    found: list[float] = []
    ends = None if prompt is None else SENT + timedelta(seconds=prompt)
    at = SENT
    while (
        look := next_look(plan, sent_at=SENT, expires_at=ends, now=at, jitter=jitter)
    ) is not None:
        assert len(found) < 200, "it looks for ever"
        found.append((look - SENT).total_seconds())
        at = look
    return found


def test_it_looks_ever_less_often_until_a_person_does():
    found = looks(STK, prompt=60)
    end = 90.0
    assert found[:2] == [20, 60]
    assert found[2:7] == [end + 60 * minutes for minutes in (1, 3, 8, 18, 48)]
    assert found[7] - found[6] == found[-1] - found[-2] == 3600
    assert 71 * 3600 < found[-1] <= 72 * 3600


def test_it_looks_each_minute_at_least_while_the_prompt_stands():
    found = [at for at in looks(Plan(10), prompt=300) if at <= 330]
    assert found == [10, 30, 70, 130, 190, 250, 310]


def test_a_prompt_that_is_looked_at_late_is_looked_at_once_it_is_over():
    assert looks(Plan(180), prompt=60)[0] == 90 + 60


def test_a_payout_has_no_prompt():
    assert looks(Plan(10), prompt=None)[:5] == [10, 30, 70, 130, 150 + 60]


@settings(max_examples=20)  # of which each is a whole life of 80 looks, twice
@given(jitter=st.floats(-1, 1), prompt=st.floats(20, 600), first=st.floats(1, 300))
def test_jitter_adds_no_look_and_loses_none(jitter, prompt, first):
    plain, moved = (
        looks(Plan(first), prompt=prompt),
        looks(Plan(first), prompt=prompt, jitter=jitter),
    )
    assert len(moved) == len(plain)
    assert all(later > earlier for earlier, later in zip(moved, moved[1:], strict=False))
    gaps = [b - a for a, b in zip([0.0, *plain], plain, strict=False)]
    for one, other, gap in zip(plain, moved, gaps, strict=True):
        assert abs(one - other) <= 0.2 * gap + 0.001


@pytest.mark.parametrize(
    ("state", "since", "age", "reason"),
    [
        (State.HELD, 0, 0, "held"),
        (State.UNKNOWN, 10, 10, ""),
        (State.UNKNOWN, 10.1, 10.1, "unknown"),
        (State.CONFIRMING, 60, 60, ""),
        (State.AWAITING_PIN, 1, 72 * 60, "unanswered"),
        (State.CREATED, 72 * 60, 72 * 60, "unanswered"),
        *((state, 72 * 60, 72 * 60, "") for state in sorted(FINAL)),
    ],
)
def test_a_person_looks_at_what_nobody_knows_for_long(state, since, age, reason):
    now = SENT + timedelta(minutes=age)
    found = for_staff(state, since=now - timedelta(minutes=since), sent_at=SENT, now=now)
    assert found == reason
