"""What waits for staff: payments, the longest wait first."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from hoardrun.ledger.money import amount_human, amount_text
from hoardrun.payments.choices import DecisionState
from hoardrun.payments.inbox.unmatched import unmatched_list
from hoardrun.payments.models import ProviderPayment, StaffDecision
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.queue.report import PaymentQueue, WaitingPayment
from hoardrun.payments.queue.words import said_of, told_text, waited_text
from hoardrun.payments.stages import APPROVAL, masked
from hoardrun.payments.states import FINAL, LIVE, State
from realtime import clock
from realtime.admin_bases.pages import users_named
from realtime.core.text import row_id
from realtime.protocol.codec import timestamp

PAGE = 50
FOUND = 20  # payments that a word finds at most
_APPROVAL = Q(state=State.CREATED.value, staff_reason=APPROVAL)
# The kinds of payments that wait for staff, each with its condition.
WHAT: Mapping[str, Q] = {
    "approval": _APPROVAL,
    "held": Q(state=State.HELD.value),
    "unknown": Q(state__in=[state.value for state in LIVE]) & ~_APPROVAL,
    "ended": Q(state__in=[state.value for state in FINAL]),
}


def waiting_list(*, what: str = "", provider: str = "") -> QuerySet[ProviderPayment]:
    """Select the payments on the list of staff."""
    rows = ProviderPayment.objects.filter(staff_since__isnull=False)
    if what:
        rows = rows.filter(WHAT[what])
    if provider:
        rows = rows.filter(provider=provider)
    return rows.order_by("staff_since", "pk").select_related("user")


def payments_found(word: str) -> list[ProviderPayment]:
    """Return the newest payments with an id, a transaction, a provider's id or a customer."""
    wanted = [
        Q(txn=row_id(word)),
        Q(provider__in=PROVIDERS, provider_txn_id=word),
        Q(provider__in=PROVIDERS, provider_request_id=word),
        Q(user__in=users_named(word)),
    ]
    with suppress(ValueError):  # it is no id of ours
        wanted.append(Q(pk=UUID(word)))
    rows = ProviderPayment.objects.order_by("-created_at", "-pk")
    # One question each, which an index answers.
    keys = {pk for each in wanted for pk in rows.filter(each).values_list("pk", flat=True)[:FOUND]}
    return list(rows.filter(pk__in=keys).select_related("user")[:FOUND])


def queue_get(
    *, what: str = "", provider: str = "", skip: int = 0, limit: int = PAGE
) -> PaymentQueue:
    """Read a page of the list of staff."""
    rows = list(waiting_list(what=what, provider=provider)[skip : skip + limit])
    return PaymentQueue(
        counts=queue_counts(), unmatched=unmatched_list().count(), results=shown(rows)
    )


def queue_counts() -> dict[str, int]:
    """Count what waits, by what it is."""
    waiting = ProviderPayment.objects.filter(staff_since__isnull=False)
    found: dict[str, int] = waiting.aggregate(
        **{what: Count("pk", filter=condition) for what, condition in WHAT.items()}
    )
    return found


def shown(rows: list[ProviderPayment]) -> tuple[WaitingPayment, ...]:
    """Describe payments for the list, with what is asked for on each."""
    asked = {
        one.payment_id: one
        for one in StaffDecision.objects.filter(
            payment__in=rows, state=DecisionState.ASKED
        ).select_related("asked_by")
    }
    now = clock.now()
    return tuple(_row(row, asked.get(row.pk), now) for row in rows)


def _row(row: ProviderPayment, asked: StaffDecision | None, now: datetime) -> WaitingPayment:
    since = row.staff_since or row.created_at
    return WaitingPayment(
        id=str(row.pk),
        user_id=str(row.user_id),
        user=row.user.get_username(),
        transaction_id=str(row.txn_id),
        kind=row.kind,
        provider=row.provider,
        number=masked(row.msisdn),
        amount=amount_text(row.amount, row.currency),
        currency=row.currency,
        amount_text=amount_human(row.amount, row.currency),
        told_text=told_text(row.amount, row.currency, row.told_amount, row.told_currency),
        state=row.state,
        reason=row.staff_reason,
        text=said_of(State(row.state), row.staff_reason).text,
        waiting_since=timestamp(since),
        waited_text=waited_text(now - since),
        asked=None if asked is None else asked.action,
        asked_by=None if asked is None else asked.asked_by.get_username(),
    )
