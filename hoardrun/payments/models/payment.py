"""One attempt to move money by a provider.

Only `services` and `staff` change a payment: they hold its lock. Amounts count the currency's
smallest unit, as the journal's do. No foreign key on a table of an earlier release is one of the
database's, which would stop that release.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from hoardrun.ledger.choices import Provider
from hoardrun.ledger.models import Transaction
from hoardrun.ledger.money import amount_of
from hoardrun.payments.choices import SOURCES, STATES, Kind
from hoardrun.payments.payees.choices import MAX_NAME, NameVerdict
from hoardrun.payments.states import LIVE, State
from hoardrun.payments.tiers.choices import Whose

# Those that have not come to an end, of which a transaction has one at most.
OPEN = Q(state__in=sorted(state.value for state in LIVE | {State.HELD}))


def _beside_txn() -> models.ForeignKey[Transaction | None, Transaction | None]:
    """Return the column of a transaction that a payment has beside its own."""
    return models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )


class ProviderPayment(models.Model):
    """One attempt to move money by a provider. Its id is the reference that the provider gets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    txn = models.ForeignKey(
        Transaction,
        on_delete=models.PROTECT,
        related_name="provider_payments",
        db_constraint=False,
        db_index=False,  # `payment_of_txn` has it
    )
    # The transaction of the fee that the customer pays beside it.
    fee_txn = _beside_txn()
    # The transaction of money that came after the payment had ended without.
    late_txn = _beside_txn()
    refunds = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="refunded_by", db_constraint=False
    )
    idempotency_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 unique only where given
    # A key of ours, in a column that no customer's key can reach.
    own_key = models.CharField(max_length=300, null=True)  # noqa: DJ001 likewise
    fingerprint = models.CharField(max_length=64, blank=True)  # of what the key was sent with

    # -- what was asked for
    kind = models.CharField(max_length=8, choices=Kind)
    provider = models.CharField(max_length=16)  # the gateway that carries it
    wallet = models.CharField(max_length=16, choices=Provider)  # the company whose wallet pays
    network = models.CharField(max_length=32, blank=True)  # the gateway's name of that company
    base_url = models.CharField(max_length=200, blank=True)  # that of the platform that took it
    receiver = models.CharField(max_length=64, blank=True)  # our shortcode or merchant there
    minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    msisdn = models.CharField(max_length=20, blank=True)  # E.164
    whose = models.CharField(max_length=12, choices=Whose, blank=True, db_default="")  # its phone
    # Of a payout: how alike the name that was given is to the provider's, and the first word and
    # initials of that one, which the customer has confirmed if it was another. Neither changes;
    # another try takes them over.
    name_verdict = models.CharField(
        max_length=8, choices=NameVerdict, blank=True, db_default="", default=""
    )
    confirmed_name = models.CharField(max_length=MAX_NAME, blank=True, db_default="", default="")
    reference = models.CharField(max_length=100, blank=True)
    text = models.CharField(max_length=200, blank=True)

    # -- where it stands
    state = models.CharField(max_length=16, choices=STATES, default=State.CREATED.value)
    stage_changed_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)  # committed before the request leaves
    expires_at = models.DateTimeField(null=True)  # the end of its prompt
    attempts = models.IntegerField(default=0)  # requests to pay, of which there is one at most
    provider_request_id = models.CharField(max_length=200, blank=True)
    provider_txn_id = models.CharField(max_length=200, blank=True)
    reason_code = models.CharField(max_length=32, blank=True)
    raw_code = models.CharField(max_length=200, blank=True)
    retry_safe = models.BooleanField(default=False)
    alarm = models.BooleanField(default=False)
    acknowledged = models.BooleanField(default=False)
    settled_by = models.CharField(max_length=16, choices=SOURCES, blank=True)
    hint = models.JSONField(null=True)  # a callback's figures, which a look may not tell
    booked_late = models.BooleanField(default=False)
    last_code = models.CharField(max_length=200, blank=True)
    repeats = models.IntegerField(default=0)
    # What the provider told of a payment that is held or reviewed.
    told_amount = models.CharField(max_length=40, blank=True)
    told_currency = models.CharField(max_length=200, blank=True)
    version = models.BigIntegerField(default=0)

    # -- when to ask, and whom
    next_check_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # SHA-256 of the tokens in the URLs for its callbacks, and for the answer to a question.
    token_digest = models.CharField(max_length=64, blank=True)
    question_digest = models.CharField(max_length=64, blank=True)
    staff_reason = models.CharField(max_length=32, blank=True)
    staff_since = models.DateTimeField(null=True)  # not null: it is on the list of staff

    class Meta:
        indexes = [
            models.Index(fields=["txn"], name="payment_of_txn"),
            models.Index(fields=["user", "-created_at"], name="payment_user_newest"),
            models.Index(fields=["provider", "kind", "sent_at"], name="payment_kind_sent"),
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="payment_due",
            ),
            models.Index(
                fields=["staff_since"], condition=Q(staff_since__isnull=False), name="payment_staff"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["txn"], condition=OPEN, name="payment_txn_once"),
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="payment_key_once"),
            models.UniqueConstraint(fields=["own_key"], name="payment_own_key_once"),
            models.UniqueConstraint(
                fields=["provider", "provider_txn_id"],
                condition=~Q(provider_txn_id=""),
                name="payment_receipt_once",
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_request_id"],
                condition=~Q(provider_request_id=""),
                name="payment_request_once",
            ),
            models.UniqueConstraint(
                fields=["token_digest"], condition=~Q(token_digest=""), name="payment_token_once"
            ),
            models.UniqueConstraint(
                fields=["question_digest"],
                condition=~Q(question_digest=""),
                name="payment_question_once",
            ),
            models.CheckConstraint(condition=Q(minor__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="payment_state_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="payment_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} {self.pk}"

    @property
    def amount(self) -> Decimal:
        return amount_of(self.minor, self.currency)
