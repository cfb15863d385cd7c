"""Take payments that are due: to be sent once, to be asked about, or to be given up.

A claim moves `next_check_at` to the end of a lease by a conditional update, so that of several
workers one has it. The intent to send is committed with it: a payment whose worker died then is
asked about, never sent again. One that has become too old is not sent, however long the workers
were away.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from django.db.models import F, Q
from django.db.models.functions import Now

from hoardrun.payments import callback_urls
from hoardrun.payments.calling.orders import order_of
from hoardrun.payments.doubts import is_overtaken
from hoardrun.payments.models import ProviderPayment
from hoardrun.payments.providers.interface import Order
from hoardrun.payments.providers.settings import base_url, receiver
from hoardrun.payments.stages import APPROVAL
from hoardrun.payments.states import State
from hoardrun.payments.waits import may_be_sent_since, prompt_end
from realtime import clock

# Longer than a call with the fetch of a token takes. Of two looks at once none does harm.
LEASE = timedelta(seconds=60)
OVERTAKEN_PAUSE = timedelta(seconds=2)
GIVEN_UP_AT_ONCE = 100  # payments, so that answers of others need not wait
# One that is given up has an attempt, and no time of it: nothing has left, and nothing will.
_GIVEN_UP = Q(attempts=1, sent_at__isnull=True)


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that this worker may call about."""

    order: Order
    base_url: str
    is_first: bool  # it is to be sent; else it is asked about


def due(name: str) -> Any:
    """Select the payments of a provider that are to be sent or asked about, new ones first.

    One that has ended may be among them: a callback says that it was paid after all.
    """
    rows = ProviderPayment.objects.filter(provider=name, next_check_at__lte=Now())
    return rows.order_by("attempts", "next_check_at", "pk")


def claim(name: str, limit: int) -> list[Claimed]:
    """Take at most `limit` payments of a provider. Not in a transaction."""
    found = [_claimed(row) for row in due(name).select_related("refunds")[:limit]]
    return [one for one in found if one is not None]


def give_up(name: str) -> list[str]:
    """Take payments that nobody has sent in time; return their ids.

    The time of one that staff had to approve begins when they did: its stage has changed then. The
    mark of one stays until its end is stored. So one whose worker dies is taken again.
    """
    now = clock.now()
    too_old = Q(attempts=0, stage_changed_at__lte=may_be_sent_since(now))
    unsent = ProviderPayment.objects.filter(
        too_old | _GIVEN_UP,
        provider=name,
        state=State.CREATED.value,
        next_check_at__lte=now,
    )
    taken = []
    for row in unsent.only("pk")[:GIVEN_UP_AT_ONCE]:
        if unsent.filter(pk=row.pk).update(attempts=1, next_check_at=now + LEASE):
            taken.append(str(row.pk))
    return taken


def _claimed(row: ProviderPayment) -> Claimed | None:
    now = clock.now()
    is_first = row.state == State.CREATED.value and row.attempts == 0
    mine = ProviderPayment.objects.filter(
        pk=row.pk, state=row.state, attempts=row.attempts, next_check_at__lte=now
    )
    if is_first:
        if is_overtaken(row):
            # It waits for the end of the doubt, or is given up. The pause lets others be claimed.
            mine.update(next_check_at=now + OVERTAKEN_PAUSE)
            return None
        mine = mine.filter(stage_changed_at__gt=may_be_sent_since(now))
        mine = mine.exclude(staff_reason=APPROVAL)  # whatever made it due
    elif row.state == State.CREATED.value and row.sent_at is None:
        return None  # it is given up
    question = "" if is_first else callback_urls.question_token(row.pk)
    changes: dict[str, Any] = {"next_check_at": now + LEASE}
    if is_first:
        # A payment is asked about on the platform that took it, wherever later ones go.
        row.base_url = row.base_url or base_url(row.provider)
        changes |= {
            "base_url": row.base_url,
            "receiver": row.receiver or _receiver(row),
            "attempts": F("attempts") + 1,
            "sent_at": now,
            "expires_at": prompt_end(row.provider, row.kind, now),
            "token_digest": callback_urls.digest(callback_urls.token_of(row.pk)),
        }
    else:
        changes["question_digest"] = callback_urls.digest(question)
    if not mine.update(**changes):
        return None
    order = order_of(row, now, question_token=question)
    return Claimed(order=order, base_url=row.base_url, is_first=is_first)


def _receiver(row: ProviderPayment) -> str:
    """Return whom customers pay, so that what was paid to another one is seen."""
    return receiver(row.provider) if row.kind == "collect" else ""
