"""Threads on real connections: what must hold on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from django.db import OperationalError, transaction

from hoardrun.ledger import services
from hoardrun.ledger.errors import (
    CarriedMoney,
    IllegalTransition,
    InsufficientFunds,
    NothingToCarry,
)
from hoardrun.ledger.models import Account, Transaction
from notifications.models import Notification
from realtime.errors import InvalidInput
from realtime.models import Event, Stream
from realtime.retry import MAX_ATTEMPTS, retried
from tests.hoardrun.ledger.conftest import balances, complete, create, move, request, set_status
from tests.hoardrun.tools import at_once

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8


def assert_log_has_no_gap(user_id: int) -> None:
    stream = Stream.objects.get(name=f"user:{user_id}")
    offsets = Event.objects.filter(stream=stream).order_by("offset")
    assert list(offsets.values_list("offset", flat=True)) == list(range(1, stream.head + 1))


def test_threads_at_once_complete_a_transaction_once(kes: Account):
    txn = create(kes, "100", "inbound")
    outcomes = at_once(THREADS, lambda _: complete(txn))
    refused = [outcome for outcome in outcomes if isinstance(outcome, IllegalTransition)]
    assert (len(refused), sum(outcome == txn for outcome in outcomes)) == (THREADS - 1, 1)
    assert balances(kes) == (1100, 1100)
    assert Notification.objects.count() == 1
    assert_log_has_no_gap(kes.user_id)


def test_it_ends_one_way_when_completed_and_cancelled_at_once(kes: Account):
    txn = create(kes, "100")
    ends = ("completed", "cancelled")
    outcomes = at_once(THREADS, lambda number: move(txn, ends[number % 2]))
    won = [outcome for outcome in outcomes if isinstance(outcome, Transaction)]
    assert len(won) == 1
    left = 900 if won[0].status == "completed" else 1000
    assert balances(kes) == (left, left)


def test_it_creates_once_for_a_key(kes: Account):
    outcomes = at_once(THREADS, lambda _: request(kes, "100", idempotency_key="k"))
    assert sorted(outcome.created for outcome in outcomes) == [False] * (THREADS - 1) + [True]
    assert len({outcome.txn.pk for outcome in outcomes}) == 1
    assert (Transaction.objects.count(), balances(kes)[0]) == (1, 900)


def test_it_never_spends_the_same_money_twice(kes: Account):
    outcomes = at_once(THREADS, lambda _: create(kes, "300"))
    assert sum(isinstance(outcome, InsufficientFunds) for outcome in outcomes) == THREADS - 3
    assert balances(kes)[0] == 100
    assert_log_has_no_gap(kes.user_id)


def test_it_adds_up_different_transactions(kes: Account):
    txns = [create(kes, "10.01", "inbound") for _ in range(THREADS)]
    outcomes = at_once(THREADS, lambda number: complete(txns[number]))
    assert all(isinstance(outcome, Transaction) for outcome in outcomes)
    assert balances(kes)[1] == 1000 + THREADS * Decimal("10.01")
    after = Transaction.objects.order_by("balance_after").values_list("balance_after", flat=True)
    steps = range(1, THREADS + 1)
    assert list(after) == [1000 + step * Decimal("10.01") for step in steps]


def test_a_carry_happens_once_beside_moves_of_its_sides(kes: Account, other: Account):
    paid, rest = complete(create(kes, "400")), complete(create(kes, "600"))
    set_status(kes, "closed")

    def reverse(number: int) -> None:
        with contextlib.suppress(IllegalTransition):
            move((paid, rest)[number % 2], "reversed", onto=other.pk)
        for side in Transaction.objects.exclude(counterpart=None):
            with contextlib.suppress(CarriedMoney, InvalidInput):
                move(side, "reversed", onto=(None, other.pk)[number % 2])

    assert at_once(THREADS, reverse) == [None] * THREADS
    assert balances(kes) == (0, 0)
    assert balances(other) == (1000, 1000)
    assert Transaction.objects.exclude(counterpart=None).count() == 4
    assert_log_has_no_gap(kes.user_id)


def test_money_left_is_carried_once_beside_late_deposits(kes: Account, other: Account):
    late = [create(kes, "10", "inbound") for _ in range(THREADS)]
    set_status(kes, "closed")

    def carry(number: int) -> None:
        complete(late[number])
        with contextlib.suppress(NothingToCarry):
            services.account_carry(account_id=kes.pk, onto=other.pk)

    assert at_once(THREADS, carry) == [None] * THREADS
    assert balances(kes) == (0, 0)
    assert balances(other) == (1000 + 10 * THREADS, 1000 + 10 * THREADS)
    assert_log_has_no_gap(kes.user_id)


class Conflict(Exception):
    sqlstate = "40001"


class Broken(Exception):
    sqlstate = "57P01"


def failing(cause: Exception, times: int):
    """Return a list of attempts, and a transaction that loses its first `times` conflicts."""
    attempts: list[int] = []

    @retried
    def work() -> str:
        with transaction.atomic():
            attempts.append(len(attempts))
            if len(attempts) <= times:
                raise OperationalError from cause
            return "done"

    return attempts, work


def test_it_repeats_a_transaction_that_lost_a_conflict():
    attempts, work = failing(Conflict(), MAX_ATTEMPTS - 1)
    assert work() == "done"
    assert len(attempts) == MAX_ATTEMPTS


@pytest.mark.parametrize(("cause", "count"), [(Conflict(), MAX_ATTEMPTS), (Broken(), 1)])
def test_it_gives_up_in_the_end_and_repeats_nothing_else(cause: Exception, count: int):
    attempts, work = failing(cause, MAX_ATTEMPTS)
    with pytest.raises(OperationalError):
        work()
    assert len(attempts) == count


def test_it_leaves_the_retry_to_the_outermost_transaction():
    attempts, work = failing(Conflict(), 1)
    with pytest.raises(OperationalError), transaction.atomic():
        work()
    assert len(attempts) == 1
