"""A demo customer who pays regularly: a job under `SIMULATE_PAYMENTS=1` and DEBUG.

Each step advances every payment under way by one status and begins a new one. So a payment is
pending for one step, processing for the next, and then completed or failed. `demo.toml` names the
payments, and what `seed_demo` creates.
"""

from __future__ import annotations

import contextlib
import random
import time
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from hoardrun.ledger import actors, services
from hoardrun.ledger.choices import AccountStatus, ActorKind, Direction, PaymentMethod
from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.money import Currency
from hoardrun.ledger.rows import account_lock
from notifications.models import Notification
from notifications.services import notification_mark_read
from realtime.errors import Refused
from realtime.retry import retried

DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
SECONDS = 10
NAME = "demo"  # the actor that begins the payments
REFERENCE = "DEMO-AUTO-"
UNREAD = 3  # newest notices of payments that stay unread
FAIL_EVERY = 9
TOP_UP_BELOW = 400_000


def step(now: float | None = None) -> None:
    """Let the first demo customer pay. On several nodes each step still happens once."""
    account = Account.objects.filter(
        user__username=settings.DEMO_LOGINS[0]["username"],
        currency=Currency.UGX,
        status=AccountStatus.ACTIVE,
    ).first()
    if account is None:  # not seeded
        return
    number = int((time.time() if now is None else now) // SECONDS)
    under_way = _own(account).filter(status__in=(Status.PENDING, Status.PROCESSING))
    before = list(under_way.order_by("id"))
    if not _begin(account.pk, number):  # another node did this step
        return
    for txn in before:
        _advance(txn)
    _read(account.user_id)


def _own(account: Account) -> QuerySet[Transaction]:
    """Select the transactions of the demo. Their reference alone could be a user's own."""
    return Transaction.objects.filter(
        account=account,
        moves__to_status=Status.PENDING,
        moves__actor_kind=ActorKind.SYSTEM,
        moves__actor_name=NAME,
    )


def _advance(txn: Transaction) -> None:
    to, reason = Status.PROCESSING, ""
    if txn.status == Status.PROCESSING:
        fails = txn.direction == Direction.OUTBOUND and txn.pk % FAIL_EVERY == 0
        to = Status.FAILED if fails else Status.COMPLETED
        reason = "the provider did not confirm it" if fails else ""
    by = actors.provider(txn.provider, evidence=f"demo:{txn.reference}")
    with contextlib.suppress(Refused):  # staff or another node was faster
        services.transaction_move(txn_id=txn.pk, to=to, reason=reason, by=by)


@retried
def _begin(account_id: int, number: int) -> bool:
    """Create the payment of a step under the account's lock; return whether it was still to do."""
    chance = random.Random(number)  # the same on every node
    with transaction.atomic():
        account = account_lock(account_id)
        if _own(account).filter(reference=f"{REFERENCE}{number}").exists():
            return False
        receives = account.available_balance < TOP_UP_BELOW
        wanted = dict(DATA["top_up"] if receives else chance.choice(DATA["purchases"]))
        services.transaction_create(
            account_id=account.pk,
            amount=chance.randint(*wanted.pop("thousands")) * 1000,
            payment_method=PaymentMethod.MOBILE_MONEY,
            reference=f"{REFERENCE}{number}",
            by=actors.system(NAME),
            **wanted,
        )
    return True


def _read(user_id: int) -> None:
    """Mark all but the newest notices as read, so that the bell stays useful."""
    unread = Notification.objects.filter(user_id=user_id, type="transaction", status="unread")
    for pk in unread.order_by("-id").values_list("pk", flat=True)[UNREAD : UNREAD + 20]:
        notification_mark_read(notification_id=pk)
