"""Callbacks about no payment of ours: which wait for staff, and how one is closed."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from hoardrun.payments.choices import Outcome
from hoardrun.payments.errors import CallbackClosed, CallbackNotFound
from hoardrun.payments.models import PaymentReceipt, ReceiptClosing
from notifications.validation import why_given
from realtime.core.text import row_id
from realtime.retry import one_transaction

SINCE = timedelta(days=30)


def unmatched_list() -> QuerySet[PaymentReceipt]:
    """Select those of the last month that nobody has closed, newest first."""
    rows = _unmatched().filter(outcome__processed_at__gt=Now() - SINCE, closing=None)
    return rows.order_by("-pk")


@one_transaction
def callback_close(*, receipt_id: int | str, why: str, by: int) -> ReceiptClosing:
    """Close a callback, with the reason. It moves no money. Raises Refused."""
    why = why_given(why)
    receipt = _unmatched().filter(pk=row_id(receipt_id)).first()
    if receipt is None:
        raise CallbackNotFound(receipt_id)
    closing = ReceiptClosing(receipt=receipt, why=why, user_id=by)
    try:
        with transaction.atomic():
            closing.save()
    except IntegrityError:
        raise CallbackClosed(receipt.pk) from None
    return closing


def _unmatched() -> QuerySet[PaymentReceipt]:
    """Select those for which no payment was found in time."""
    return PaymentReceipt.objects.filter(
        outcome__outcome=Outcome.UNMATCHED, outcome__processed_at__isnull=False
    )
