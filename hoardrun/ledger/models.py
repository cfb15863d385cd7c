"""Accounts and the transactions that move their balances.

Only `services` changes balances and statuses: it holds the row locks. The constraints here
also stop code and SQL that bypass it. `publishing` tells the devices of each save.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from hoardrun.ledger.choices import (
    PEOPLE,
    AccountStatus,
    AccountType,
    ActorKind,
    Direction,
    PaymentMethod,
    Provider,
    TransactionStatus,
    TransactionType,
)
from hoardrun.ledger.corrections import models as corrections  # noqa: F401 its table is this app's
from hoardrun.ledger.fields import MoneyField
from hoardrun.ledger.journal import models as journal  # noqa: F401 its tables are this app's
from hoardrun.ledger.journal.choices import BookKind
from hoardrun.ledger.messages import BalanceUpdate, TransactionUpdate
from hoardrun.ledger.money import Currency
from realtime import clock
from realtime.append_only import AppendOnly
from realtime.audit import RequestId
from realtime.changes import Tracked

AGAINST = [(kind.value, kind.label) for kind in (BookKind.RECEIVABLE, BookKind.SUSPENSE)]
_NAMED = (ActorKind.SERVICE, ActorKind.PROVIDER, ActorKind.SYSTEM)
# Closed accounts with money that has to be carried onto another account.
LEFT_BEHIND = Q(status=AccountStatus.CLOSED, available_balance__gt=0, current_balance__gt=0)
_SETTLED = Q(status__in=[TransactionStatus.COMPLETED, TransactionStatus.REVERSED])


class Account(Tracked):
    """Money of one user in one currency.

    `current_balance` is the sum of the completed transactions. `available_balance` is that less
    the holds of outbound transactions under way; on a credit account it includes the credit line.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="accounts"
    )
    type = models.CharField(max_length=16, choices=AccountType, default=AccountType.CHECKING)
    name = models.CharField(max_length=100, blank=True)
    currency = models.CharField(max_length=3, choices=Currency)
    available_balance = MoneyField(default=Decimal(0))
    current_balance = MoneyField(default=Decimal(0))
    status = models.CharField(max_length=16, choices=AccountStatus, default=AccountStatus.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    TRACKED: ClassVar[tuple[str, ...]] = (*BalanceUpdate.__struct_fields__, "user_id")

    class Meta:
        indexes = [
            models.Index(fields=["status", "id"], name="account_status_newest"),
            models.Index(fields=["id"], condition=LEFT_BEHIND, name="account_left_behind"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(type=AccountType.CREDIT) | Q(available_balance__gte=0),
                name="account_not_overdrawn",
            )
        ]

    def __str__(self) -> str:
        # Without its user's name: the admin's log keeps this text when the user is forgotten.
        return f"{self.name or self.get_type_display()} ({self.currency}) #{self.pk}"


class Transaction(Tracked):
    """One movement of money on one account.

    `balance_after` is the account's current balance at completion. It and `completed_at` stay
    when the transaction is reversed. Variables are called `txn`, since Django has `transaction`.
    """

    TRACKED: ClassVar[tuple[str, ...]] = TransactionUpdate.__struct_fields__

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="transactions")
    type = models.CharField(max_length=20, choices=TransactionType)
    status = models.CharField(
        max_length=16, choices=TransactionStatus, default=TransactionStatus.PENDING
    )
    direction = models.CharField(max_length=8, choices=Direction)
    amount = MoneyField()
    currency = models.CharField(max_length=3, choices=Currency)
    description = models.CharField(max_length=200, blank=True)
    payment_method = models.CharField(
        max_length=16, choices=PaymentMethod, default=PaymentMethod.OTHER
    )
    provider = models.CharField(max_length=16, choices=Provider, blank=True)
    merchant_name = models.CharField(max_length=100, blank=True)
    merchant_category = models.CharField(max_length=50, blank=True)
    reference = models.CharField(max_length=100, blank=True, db_index=True)
    failure_reason = models.CharField(max_length=200, blank=True)
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 unique only where given
    # The user whose key it is. None for old rows: keys belonged to accounts then, and this user
    # had used the key on another one. The unique constraint has the index.
    key_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        related_name="+",
    )
    # The other side of a carry (see `carrying`) or transfer, stored on both sides. Neither is moved
    # again: moving one alone would make or lose money.
    counterpart = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        db_index=False,  # the unique constraint has one, of the few rows that need it
        related_name="+",
    )
    # The gateway whose book of the journal it moves; empty: `provider`'s. With `own_key`, a payment
    # by that gateway moves it, and nothing else until it ends.
    carrier = models.CharField(max_length=16, blank=True, default="", db_default="", editable=False)
    # Another book than a provider's or the world's, from which it comes or to which it goes.
    against = models.CharField(
        max_length=16, choices=AGAINST, blank=True, default="", db_default="", editable=False
    )
    # A key of our own, such as `late:<payment>`, which no key of a customer can be.
    own_key = models.CharField(max_length=100, null=True, editable=False)  # noqa: DJ001 unique only where given
    # The `PaymentStage` of the payment that moves it.
    payment = models.JSONField(null=True, editable=False)
    balance_after = MoneyField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["account", "-created_at", "-id"], name="txn_account_newest"),
            models.Index(fields=["status", "id"], name="txn_status_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="txn_amount_positive"),
            models.CheckConstraint(
                condition=Q(status__in=TransactionStatus.values), name="txn_status_known"
            ),
            models.CheckConstraint(
                condition=Q(direction__in=Direction.values), name="txn_direction_known"
            ),
            models.CheckConstraint(
                condition=(_SETTLED & Q(balance_after__isnull=False, completed_at__isnull=False))
                | (~_SETTLED & Q(balance_after__isnull=True, completed_at__isnull=True)),
                name="txn_settled_has_balance",
            ),
            models.UniqueConstraint(
                fields=["account", "idempotency_key"], name="txn_idempotency_key_once"
            ),
            models.UniqueConstraint(
                fields=["key_owner", "idempotency_key"], name="txn_key_of_user_once"
            ),
            models.UniqueConstraint(
                fields=["own_key"],
                condition=Q(own_key__isnull=False),  # few rows have one
                name="txn_own_key_once",
            ),
            models.UniqueConstraint(
                fields=["counterpart"],
                condition=Q(counterpart__isnull=False),
                name="txn_counterpart_once",
            ),
            models.CheckConstraint(
                condition=Q(counterpart__isnull=True) | Q(status=TransactionStatus.COMPLETED),
                name="txn_carried_is_final",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} #{self.pk}"


class TransactionMove(AppendOnly):
    """One move of a transaction: the status before and after, the actor and the reason.

    Written in the transaction of the move and never changed. The first has no `from_status`: it
    created the transaction. Transactions from before 0.1.0 may lack some moves.
    """

    ERASABLE = ("reason",)

    # The unique constraint has the index.
    txn = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="moves", db_index=False
    )
    from_status = models.CharField(max_length=16, choices=TransactionStatus, blank=True)
    to_status = models.CharField(max_length=16, choices=TransactionStatus)
    actor_kind = models.CharField(max_length=16, choices=ActorKind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The user or member of staff, or the login of a service.",
    )
    actor_name = models.CharField(
        max_length=100, blank=True, help_text="The service, provider or part of the system."
    )
    reason = models.CharField(max_length=200, blank=True)
    request_id = RequestId()
    evidence = models.CharField(
        max_length=200, blank=True, help_text="Where the proof of a provider's word is kept."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta(AppendOnly.Meta):
        constraints = [
            # No status comes twice in a transaction's life: see `transitions`.
            models.UniqueConstraint(fields=["txn", "to_status"], name="move_once"),
            models.CheckConstraint(
                condition=Q(actor_kind__in=PEOPLE, user__isnull=False)
                | (Q(actor_kind__in=_NAMED) & ~Q(actor_name="")),
                name="move_says_who",
            ),
            models.CheckConstraint(
                condition=~Q(actor_kind=ActorKind.PROVIDER) | ~Q(evidence=""),
                name="move_provider_has_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_status or 'new'} to {self.to_status}"
