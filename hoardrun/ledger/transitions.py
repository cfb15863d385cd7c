"""The table of moves that a transaction may make. `services` asks it. No I/O here."""

from __future__ import annotations

from collections.abc import Mapping

from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.errors import IllegalTransition

UNDER_WAY = frozenset({Status.PENDING, Status.PROCESSING})
# Statuses that release the hold of an outbound transaction.
RELEASED = frozenset({Status.FAILED, Status.CANCELLED, Status.EXPIRED})
# Statuses whose reason is published as `failure_reason`.
EXPLAINED = RELEASED | {Status.REVERSED}

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: RELEASED | {Status.PROCESSING, Status.COMPLETED},
    # No CANCELLED: the provider has the money and alone decides how it ends. See BY_PAYMENT.
    Status.PROCESSING: frozenset({Status.COMPLETED, Status.FAILED, Status.EXPIRED}),
    Status.COMPLETED: frozenset({Status.REVERSED}),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.REVERSED: frozenset(),
    Status.EXPIRED: frozenset(),
}
assert set(TRANSITIONS) == set(Status), "every status needs its row"


# What the payment that moves a transaction may do beyond that: its provider has cancelled it.
BY_PAYMENT: Mapping[Status, frozenset[Status]] = {
    Status.PROCESSING: frozenset({Status.CANCELLED}),
}


def transition_check(current: str, wanted: str, *, by_payment: bool = False) -> None:
    """Raise IllegalTransition unless a transaction may go from one status to the other."""
    allowed = TRANSITIONS[Status(current)]
    if by_payment:
        allowed |= BY_PAYMENT.get(Status(current), frozenset())
    if wanted not in allowed:
        raise IllegalTransition(current, wanted, allowed)
