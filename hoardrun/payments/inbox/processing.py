"""Process stored callbacks, each once, in whichever process has claimed it.

The process that has stored one reads it at once; the workers sweep for those that nobody has read.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import F
from django.db.models.functions import Now

from hoardrun.payments.calling import hints
from hoardrun.payments.choices import Outcome
from hoardrun.payments.inbox.finding import payment_named
from hoardrun.payments.inbox.reading import stored_evidence
from hoardrun.payments.models import PaymentReceipt, ReceiptOutcome
from hoardrun.payments.providers.interface import Purpose, Verdict
from hoardrun.payments.providers.settings import confirms_callbacks
from hoardrun.payments.services import evidence_apply
from realtime import clock

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
FIRST_PAUSE = timedelta(seconds=2)  # doubled with each try that fails
LONGEST_PAUSE = timedelta(hours=1)
UNREAD_AFTER = timedelta(seconds=2)  # nobody is about to read it
LOOKS_BACK = timedelta(days=7)  # of the first sweep of a process
OVERLAP = timedelta(minutes=10)  # a receipt is seen with its commit, which is later than its time
MATCHED_WITHIN = timedelta(minutes=10)
MATCH_AGAIN = timedelta(seconds=30)
BATCH = 100


class Sweeper:
    """Finds the callbacks that nobody has read, or that are to be tried again."""

    def __init__(self, *, at_once: bool = False) -> None:
        self._waits = timedelta() if at_once else UNREAD_AFTER
        self._since = clock.now() - LOOKS_BACK

    def step(self) -> int:
        """Read some; return how many."""
        now = clock.now()
        unread = PaymentReceipt.objects.filter(
            outcome__isnull=True,
            received_at__gt=self._since,
            received_at__lte=now - self._waits,
        )
        found = list(unread.order_by("received_at").values_list("pk", flat=True)[:BATCH])
        if not found:
            self._since = max(self._since, now - OVERLAP)
        due = ReceiptOutcome.objects.filter(due_at__lte=Now()).order_by("due_at")
        found += due.values_list("pk", flat=True)[:BATCH]
        return sum(process(each) for each in found)


def process(receipt_id: int) -> bool:
    """Read a callback, and apply what it tells; return False if another process does. Never raises.

    Not in a transaction.
    """
    if not _claim(receipt_id):
        return False
    receipt = PaymentReceipt.objects.get(pk=receipt_id)
    try:
        _apply(receipt)
    except Exception as error:
        if not isinstance(error, DatabaseError):
            logger.exception("callback %s of %s fails", receipt_id, receipt.provider)
        _try_again(receipt_id, error)
    return True


def _claim(receipt_id: int) -> bool:
    """Take a callback for the time of a lease."""
    now = clock.now()
    ReceiptOutcome.objects.get_or_create(receipt_id=receipt_id, defaults={"due_at": now})
    mine = ReceiptOutcome.objects.filter(pk=receipt_id, processed_at__isnull=True, due_at__lte=now)
    return bool(mine.update(due_at=now + LEASE))


def _apply(receipt: PaymentReceipt) -> None:
    if receipt.verdict == Verdict.FORGED.value:
        _end(receipt, Outcome.REFUSED)
        return
    evidence = stored_evidence(receipt)
    purpose: Purpose = receipt.purpose  # type: ignore[assignment]  # one of those of the view
    payment_id = receipt.payment_id or payment_named(receipt.provider, purpose, evidence)
    if payment_id is None:
        _unmatched(receipt)
        return
    confirms = confirms_callbacks(receipt.provider)
    decision = evidence_apply(payment_id, evidence, receipt=receipt, confirm_callbacks=confirms)
    if decision.look_at is not None:
        hints.payment_is_due()


def _unmatched(receipt: PaymentReceipt) -> None:
    """Wait a while for the payment of a callback: an answer of the provider may have its id."""
    now = clock.now()
    if now >= receipt.received_at + MATCHED_WITHIN:
        _end(receipt, Outcome.UNMATCHED)
        logger.warning("callback %s of %s is about no payment", receipt.pk, receipt.provider)
        return
    ReceiptOutcome.objects.filter(pk=receipt.pk).update(
        outcome=Outcome.UNMATCHED, due_at=now + MATCH_AGAIN, tries=F("tries") + 1
    )


def _end(receipt: PaymentReceipt, outcome: Outcome) -> None:
    """Store what became of a callback that is about no payment."""
    ReceiptOutcome.objects.filter(pk=receipt.pk).update(
        outcome=outcome, processed_at=Now(), due_at=None, tries=F("tries") + 1, error=""
    )


def _try_again(receipt_id: int, error: Exception) -> None:
    """Have a callback tried again after a pause."""
    row = ReceiptOutcome.objects.get(pk=receipt_id)
    pause = min(FIRST_PAUSE * 2 ** min(row.tries, 20), LONGEST_PAUSE)
    ReceiptOutcome.objects.filter(pk=receipt_id).update(
        due_at=clock.now() + pause, tries=F("tries") + 1, error=type(error).__name__
    )
