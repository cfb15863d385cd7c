"""Rows of a user in every table of what leaves the system, for tests that need them all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Model

from hoardrun.payments.models import (
    PaymentReceipt,
    PaymentStep,
    ProviderPayment,
    ReceiptClosing,
    ReceiptOutcome,
    StaffDecision,
)
from hoardrun.payments.payees.models import Payee
from hoardrun.payments.reconciling.models import Match, StatementFile, StatementLine
from hoardrun.payments.tiers.models import TierDecision
from notifications.models import (
    Address,
    Attempt,
    Consent,
    Delivery,
    Digest,
    DigestItem,
    Escalation,
    Notification,
    Preference,
    PreferenceChange,
    Receipt,
    SuppressionLift,
)
from realtime import clock
from realtime.models import Departure


class Person(NamedTuple):
    """A user with a notification; the texts of the rows hold `name` and `ip`."""

    user_id: int
    notification_id: int
    name: str
    ip: str


def fill(user: User, notice: Notification, *, name: str, ip: str) -> None:
    """Insert a row into each table that has rows about a user."""
    fill_many([Person(user.pk, notice.pk, name, ip)])


def fill_many(people: Sequence[Person], *, numbered: bool = False) -> None:
    """Insert such rows for many users; with `numbered`, most have the ids of their users."""
    now = clock.now()
    made = [_rows(one, now, {"pk": one.user_id} if numbered else {}) for one in people]
    for rows in zip(*made, strict=True):
        table = type(rows[0])._default_manager
        if isinstance(rows[0], Escalation):  # some notifications have a ladder already
            table.bulk_create(rows, ignore_conflicts=True)
        else:
            table.bulk_create(rows)


def _rows(one: Person, now: datetime, own: dict[str, Any]) -> list[Model]:
    """Make the rows of a user, in an order in which they can be inserted."""
    user = {"user_id": one.user_id, **own}
    actor, device = f"user:{one.user_id}", f"{one.name}'s phone"
    address = Address(
        channel="email", value=f"{one.name}@example.org", hash=f"h{one.user_id}",
        state="verified", created_at=now, touched_at=now, verified_at=now, **user,
    )  # fmt: skip
    digest = Digest(category="savings", channel="email", due_at=now, created_at=now, **user)
    delivery = Delivery(
        notification_id=one.notification_id, kind="system.general", category="system",
        channel="email", address=address, address_hash=address.hash, state="delivered",
        decided_by="condition", policy_version="p", provider="smtp",
        provider_id=f"id-{one.user_id}", context={"title": f"Hello {one.name}"},
        evidence={"device": device}, not_before=now, expires_at=now + timedelta(days=1),
        created_at=now, updated_at=now, **user,
    )  # fmt: skip
    return [
        *_payment(one, now, own),
        Payee(
            provider="mtn", currency="UGX", msisdn="+256771234567", name=one.name, verdict="same",
            checked_at=now, created_at=now, confirmed_name=one.name, **user,
        ),
        TierDecision(
            tier="identified", why=f"A passport of {one.name}.", decided_by_id=one.user_id + 1,
            created_at=now, **user,
        ),
        address,
        Preference(user_id=one.user_id, version=1, zone="Africa/Nairobi", updated_at=now),
        PreferenceChange(
            version=1, actor=actor, source="api", address=one.ip, old={},
            new={"zone": "Africa/Nairobi"}, created_at=now, **user,
        ),
        Consent(
            channel="email", category="marketing", granted=True, wording="Send me offers.",
            actor=actor, source="api", address=one.ip, created_at=now, **user,
        ),
        Escalation(
            notification_id=one.notification_id, user_id=one.user_id, kind="system.general",
            policy_version="p", event_offset=1, epoch="e", committed_at=now, due_at=now,
            closed_at=now, reason="reached", evidence={"device": device},
        ),
        digest,
        DigestItem(digest=digest, notification_id=one.notification_id),
        delivery,
        Attempt(
            delivery=delivery, lease=1, provider="smtp", worker="w", outcome="accepted",
            started_at=now, created_at=now,
        ),
        Receipt(
            provider="smtp", event_key=f"k{one.user_id}", delivery=delivery, fact="delivered",
            created_at=now,
        ),
        Departure(
            connection_id=f"gone-{one.user_id}", device=device, code=1000, opened_at=now,
            closed_at=now, **user,
        ),
        SuppressionLift(
            channel="sms", hash="h", reason="bounced", suppressed_at=now, why="It is new.",
            state="lifted", asked_by_id=one.user_id, asked_at=now, decided_by_id=one.user_id,
            decided_at=now, **own,
        ),
    ]  # fmt: skip


def _payment(one: Person, now: datetime, own: dict[str, Any]) -> list[Model]:
    """Make a payment by mobile money, and what was said of it. Its transaction is nobody's."""
    payment = ProviderPayment(
        user_id=one.user_id, txn_id=one.user_id, kind="collect", provider="mtn",
        wallet="mtn_momo", minor=5000, currency="UGX", country="UG", msisdn="+256771234567",
        name_verdict="other", confirmed_name=one.name, text=f"From {one.name}",
        hint={"payer": "+256771234567"}, state="held",
        stage_changed_at=now, created_at=now, staff_reason="amount", staff_since=now,
    )  # fmt: skip
    receipt = PaymentReceipt(
        payment=payment, provider="mtn", purpose="payment", method="PUT",
        raw=one.name.encode(), address_known=True, sha256=f"{one.user_id:064x}", verdict="unproven",
        received_at=now, **own,
    )  # fmt: skip
    return [
        payment,
        receipt,
        PaymentStep(
            payment=payment, from_state="created", to_state="submitted", rule="accepted",
            source="ack", claim="accepted", raw=one.name.encode(), note=f"For {one.name}",
            created_at=now, **own,
        ),
        StaffDecision(
            payment=payment, action="accept", minor=4500, why=f"{one.name} has called.",
            asked_by_id=one.user_id, asked_at=now, **own,
        ),
        ReceiptOutcome(receipt=receipt, outcome="applied", processed_at=now),
        ReceiptClosing(
            receipt=receipt, why="A deposit of ours.", user_id=one.user_id, created_at=now, **own
        ),
        *_statement(one, now, payment, own),
    ]  # fmt: skip


def _statement(
    one: Person, now: datetime, payment: ProviderPayment, own: dict[str, Any]
) -> list[Model]:
    """Make the line of a statement that tells of a payment."""
    file = StatementFile(
        provider="mtn", name="march.csv", sha256=f"{one.user_id:064x}", size=1, lines=1, known=0,
        created_at=now, **own,
    )  # fmt: skip
    line = StatementLine(
        file=file, provider="mtn", row=2, kind="payment", receipt=f"S{one.user_id}",
        goes_out=False, at=now, amount=5000, currency="UGX", details=f"From {one.name}",
        party=one.name, **own,
    )  # fmt: skip
    match = Match(
        file=file, line=line, payment=payment, what="matched", by="receipt", row=2, amount=5000,
        currency="UGX", at=now, created_at=now, **own,
    )  # fmt: skip
    return [file, line, match]
