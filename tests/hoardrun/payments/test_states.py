"""The states of a payment, row by row as the specification has them."""

from __future__ import annotations

import pytest

from hoardrun.ledger.choices import TransactionStatus
from hoardrun.payments.states import (
    FINAL,
    LIVE,
    MEANINGS,
    MOVES,
    NOT_PAID,
    State,
    moved_nothing,
    path,
    stays_paid,
    was_paid,
)

ENDS = "succeeded failed cancelled expired held"
ROWS = [
    ("created", "submitted failed cancelled", "pending", "starting", "kept"),
    ("submitted", f"awaiting_pin confirming unknown {ENDS}", "processing", "sent", "kept"),
    ("awaiting_pin", f"confirming unknown {ENDS}", "processing", "enter_pin", "kept"),
    ("confirming", f"unknown {ENDS}", "processing", "confirming", "kept"),
    ("unknown", f"awaiting_pin confirming {ENDS}", "processing", "slow", "kept"),
    ("held", "succeeded failed", "processing", "under_review", "kept"),
    ("succeeded", "reversed", "completed", "done", "settled"),
    ("failed", "", "failed", "failed", "released"),
    ("cancelled", "", "cancelled", "cancelled", "released"),
    ("expired", "", "expired", "expired", "released"),
    ("reversed", "", "reversed", "returned", "returned"),
]


@pytest.mark.parametrize(("state", "moves", "transaction", "stage", "hold"), ROWS)
def test_each_state_has_its_moves_and_its_meaning(state, moves, transaction, stage, hold):
    meaning = MEANINGS[State(state)]
    assert MOVES[State(state)] == set(moves.split())
    assert (meaning.transaction, meaning.stage, meaning.hold) == (transaction, stage, hold)
    assert transaction in TransactionStatus.values


def test_the_rows_are_all_states():
    assert [row[0] for row in ROWS] == list(State)
    assert LIVE | FINAL | {State.HELD} == set(State)
    assert NOT_PAID < FINAL


def test_what_is_known_to_the_provider_was_submitted_first():
    assert path(State.CREATED, State.SUCCEEDED) == (State.SUBMITTED, State.SUCCEEDED)
    assert path(State.CREATED, State.FAILED) == (State.SUBMITTED, State.FAILED)
    assert path(State.CREATED, State.SUBMITTED) == (State.SUBMITTED,)
    assert path(State.SUBMITTED, State.FAILED) == (State.FAILED,)


def test_only_what_was_not_taken_fails_at_once():
    assert path(State.CREATED, State.FAILED, was_taken=False) == (State.FAILED,)
    with pytest.raises(ValueError, match="from created to succeeded"):
        path(State.CREATED, State.SUCCEEDED, was_taken=False)


@pytest.mark.parametrize("state", sorted(FINAL - {State.SUCCEEDED}))
def test_no_road_leads_from_an_end(state):
    for wanted in State:
        with pytest.raises(ValueError, match=f"from {state} to {wanted}"):
            path(state, wanted)


@pytest.mark.parametrize(
    ("state", "booked_late", "was", "stays", "nothing"),
    [
        ("created", False, False, False, False),
        ("unknown", False, False, False, False),
        ("held", False, False, False, False),
        ("succeeded", False, True, True, False),
        ("reversed", False, True, False, False),
        *((state, False, False, False, True) for state in ("failed", "cancelled", "expired")),
        *((state, True, True, True, False) for state in ("failed", "cancelled", "expired")),
    ],
)
def test_whether_the_money_has_moved(state, booked_late, was, stays, nothing):
    assert was_paid(state, booked_late=booked_late) is was
    assert stays_paid(state, booked_late=booked_late) is stays
    assert moved_nothing(state, booked_late=booked_late) is nothing
