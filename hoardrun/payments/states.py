"""The states of a payment, the moves between them, and what each state means. Pure.

A payment is one attempt to move money by a provider. Its transaction has fewer states: it cannot
tell a prompt on a phone from an answer that nobody has.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from msgspec import Struct


class State(StrEnum):
    CREATED = "created"  # stored here; the provider may not have heard of it
    SUBMITTED = "submitted"
    AWAITING_PIN = "awaiting_pin"  # the prompt is on the phone
    CONFIRMING = "confirming"  # the end was heard of, and is asked for
    UNKNOWN = "unknown"  # nobody can say whether the money moved
    HELD = "held"  # the provider tells of another payment than was asked for
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REVERSED = "reversed"


NOT_PAID = frozenset({State.FAILED, State.CANCELLED, State.EXPIRED})
PAID = frozenset({State.SUCCEEDED, State.REVERSED})
FINAL = NOT_PAID | PAID
# Those in which the provider is asked; `held` is for staff alone.
LIVE = frozenset(State) - FINAL - {State.HELD}

_ENDS = NOT_PAID | {State.SUCCEEDED, State.HELD}

MOVES: Mapping[State, frozenset[State]] = {
    State.CREATED: frozenset({State.SUBMITTED, State.FAILED, State.CANCELLED}),
    State.SUBMITTED: _ENDS | {State.AWAITING_PIN, State.CONFIRMING, State.UNKNOWN},
    State.AWAITING_PIN: _ENDS | {State.CONFIRMING, State.UNKNOWN},
    State.CONFIRMING: _ENDS | {State.UNKNOWN},
    State.UNKNOWN: _ENDS | {State.AWAITING_PIN, State.CONFIRMING},
    State.HELD: frozenset({State.SUCCEEDED, State.FAILED}),
    State.SUCCEEDED: frozenset({State.REVERSED}),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
    State.REVERSED: frozenset(),
}
assert set(MOVES) == set(State), "every state needs its row"

# What becomes of the money that is held for a payout.
Hold = Literal["kept", "settled", "released", "returned"]


class Meaning(Struct, frozen=True):
    """The effect of a state on the transaction, the stage shown, and the hold of a payout."""

    transaction: str
    stage: str  # a code: the words are translated elsewhere
    hold: Hold


MEANINGS: Mapping[State, Meaning] = {
    State.CREATED: Meaning("pending", "starting", "kept"),
    State.SUBMITTED: Meaning("processing", "sent", "kept"),
    State.AWAITING_PIN: Meaning("processing", "enter_pin", "kept"),
    State.CONFIRMING: Meaning("processing", "confirming", "kept"),
    State.UNKNOWN: Meaning("processing", "slow", "kept"),
    State.HELD: Meaning("processing", "under_review", "kept"),
    State.SUCCEEDED: Meaning("completed", "done", "settled"),
    State.FAILED: Meaning("failed", "failed", "released"),
    State.CANCELLED: Meaning("cancelled", "cancelled", "released"),
    State.EXPIRED: Meaning("expired", "expired", "released"),
    State.REVERSED: Meaning("reversed", "returned", "returned"),
}
assert set(MEANINGS) == set(State), "every state needs its meaning"


def was_paid(state: str, *, booked_late: bool) -> bool:
    """Say whether the money has moved, even if it has gone back since.

    `booked_late`: it moved after the payment had ended without.
    """
    return state in PAID or booked_late


def stays_paid(state: str, *, booked_late: bool) -> bool:
    """Say whether the money has moved, and has not gone back."""
    return state != State.REVERSED and was_paid(state, booked_late=booked_late)


def moved_nothing(state: str, *, booked_late: bool) -> bool:
    """Say whether the payment has ended, and no money has moved."""
    return state in NOT_PAID and not booked_late


def path(current: State, wanted: State, *, was_taken: bool = True) -> tuple[State, ...]:
    """Return the moves that lead to a state, each of which is a step of its own.

    A payment that was only created and of which the provider knows had been submitted; only one
    that was not taken ends at once. Raises ValueError where no road leads.
    """
    passed: tuple[State, ...] = ()
    if current is State.CREATED and wanted is not State.SUBMITTED and was_taken:
        passed, current = (State.SUBMITTED,), State.SUBMITTED
    if wanted not in MOVES[current]:
        raise ValueError(f"a payment does not go from {current} to {wanted}")
    return (*passed, wanted)
