"""Gauges of payments for the whole deployment, and the doubts of `stats --check`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min
from django.db.models.functions import Now

from hoardrun.ledger.money import Currency, amount_of
from hoardrun.payments.calling import balances
from hoardrun.payments.inbox.unmatched import unmatched_list
from hoardrun.payments.models import OPEN, PaymentReceipt, ProviderPayment, ReceiptOutcome
from hoardrun.payments.providers.registry import PROVIDERS
from hoardrun.payments.providers.settings import configured
from hoardrun.payments.states import LIVE, State
from realtime import clock
from realtime.meters.fleet import Reading, gauge
from realtime.outgoing import heartbeat

WORKER = "payments"  # the name of its heartbeat
_STATES = sorted(state.value for state in LIVE | {State.HELD})
_UNREAD_SINCE = timedelta(days=1)


def _read() -> dict[str, Any]:
    now = clock.now()
    counted = ProviderPayment.objects.filter(OPEN).values_list("provider", "state")
    found = {(name, state): count for name, state, count in counted.annotate(Count("pk"))}
    due = ProviderPayment.objects.filter(next_check_at__lte=Now())
    unread = PaymentReceipt.objects.filter(
        outcome__isnull=True, received_at__gt=Now() - _UNREAD_SINCE
    )
    again = ReceiptOutcome.objects.filter(due_at__lte=Now())
    waiting = (
        unread.aggregate(since=Min("received_at"))["since"],
        again.aggregate(since=Min("due_at"))["since"],
    )
    waiting_ones = unmatched_list().order_by().values_list("provider")
    unmatched = dict(waiting_ones.annotate(Count("pk")))
    return {
        "payments_open": {(name, state): 0 for name in PROVIDERS for state in _STATES} | found,
        "payments_overdue_seconds": _age(now, due.aggregate(since=Min("next_check_at"))["since"]),
        "payment_callbacks_unread_seconds": max(_age(now, since) for since in waiting),
        "payment_callbacks_unmatched": dict.fromkeys(PROVIDERS, 0) | unmatched,
        "payments_silent": int(_is_silent(now)),
        "provider_balance": {
            (name, currency): float(amount_of(minor, currency))
            for (name, currency), minor in balances.totals().items()
        },
    }


PAYING = Reading(
    (
        gauge(
            "payments_open", "Payments by mobile money that have not ended.",
            provider=PROVIDERS, state=_STATES,
        ),
        gauge(
            "payments_overdue_seconds",
            "Age of the oldest payment that is to be sent or asked about, and is not.",
        ),
        gauge(
            "payment_callbacks_unread_seconds",
            "Age of the oldest callback of a provider that is stored, and not read.",
        ),
        gauge(
            "payment_callbacks_unmatched",
            "Callbacks of the last month that are about no payment of ours, and not closed.",
            provider=PROVIDERS,
        ),
        gauge(
            "payments_silent",
            "1 where no `manage.py payments` is heard, although a provider is set up.",
        ),
        gauge(
            "provider_balance", "What our accounts at a provider hold, as it told last.",
            provider=PROVIDERS, currency=Currency.values,
        ),
    ),
    _read,
)  # fmt: skip


def no_worker() -> Iterator[str]:
    """Say that nobody moves payments, although a provider is set up."""
    if _is_silent(clock.now()):
        yield "no worker moves payments: run `manage.py payments` or `serve --with-payments`"


def no_payment() -> Iterator[str]:
    """Say that providers told of payments that are none of ours."""
    if count := unmatched_list().count():
        noun = "callback is" if count == 1 else "callbacks are"
        yield (
            f"{count} {noun} about no payment of ours: money may have come that nobody asked for; "
            "look into it and close it on the page Waiting for staff"
        )


def _is_silent(now: datetime) -> bool:
    return bool(configured()) and bool(heartbeat.silent((WORKER,), now))


def _age(now: datetime, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
