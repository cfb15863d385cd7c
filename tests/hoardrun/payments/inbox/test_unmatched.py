"""Callbacks about no payment wait for staff until one of them says what they were."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from hoardrun.payments import readings
from hoardrun.payments.errors import CallbackClosed, CallbackNotFound
from hoardrun.payments.inbox.unmatched import callback_close, unmatched_list
from hoardrun.payments.models import PaymentReceipt, ReceiptClosing, ReceiptOutcome
from hoardrun.payments.queue.selectors import queue_get
from realtime import clock
from realtime.append_only import RecordIsFinal
from realtime.errors import InvalidInput

pytestmark = pytest.mark.django_db


def came(outcome: str = "unmatched", *, days: int = 0, is_read: bool = True) -> PaymentReceipt:
    """Store a callback that came some days ago."""
    receipt = PaymentReceipt.objects.create(
        provider="daraja", purpose="account", method="POST", verdict="unproven", raw=b"{}",
        sha256=f"{PaymentReceipt.objects.count():064x}",
    )  # fmt: skip
    at = clock.now() - timedelta(days=days) if is_read else None
    ReceiptOutcome.objects.create(receipt=receipt, outcome=outcome, processed_at=at)
    return receipt


def counted() -> tuple[int, int, bool]:
    """Return what the list, the gauge and `stats --check` say."""
    gauge = readings.PAYING.read()["payment_callbacks_unmatched"]["daraja"]
    return queue_get().unmatched, gauge, bool(list(readings.no_payment()))


def test_one_waits_for_a_month_or_until_it_is_closed(dora: User) -> None:
    came(days=31), came("applied"), came(is_read=False)
    assert counted() == (0, 0, False)
    first, second = came(days=29), came()
    assert list(unmatched_list()) == [second, first]
    assert counted() == (2, 2, True)
    closing = callback_close(receipt_id=first.pk, why=" A deposit of ours. ", by=dora.pk)
    assert (closing.receipt, closing.why, closing.user) == (first, "A deposit of ours.", dora)
    assert counted() == (1, 1, True)
    callback_close(receipt_id=str(second.pk), why="Given back in the portal.", by=dora.pk)
    assert counted() == (0, 0, False)


def test_what_is_refused_closes_nothing(dora: User) -> None:
    receipt = came()
    for why in ("", "x" * 201):
        with pytest.raises(InvalidInput):
            callback_close(receipt_id=receipt.pk, why=why, by=dora.pk)
    for other in (came("applied").pk, came(is_read=False).pk, 0, "nothing"):
        with pytest.raises(CallbackNotFound):
            callback_close(receipt_id=other, why="Ours.", by=dora.pk)
    assert not ReceiptClosing.objects.exists()
    callback_close(receipt_id=receipt.pk, why="Ours.", by=dora.pk)
    with pytest.raises(CallbackClosed):
        callback_close(receipt_id=receipt.pk, why="Again.", by=dora.pk)


def test_what_was_said_stays(dora: User) -> None:
    closing = callback_close(receipt_id=came().pk, why="Ours.", by=dora.pk)
    closing.why = "Theirs."
    with pytest.raises(RecordIsFinal):
        closing.save()
    table = ReceiptClosing._meta.db_table
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET why = 'Theirs.'")
