"""A list of the admin reads no more rows of a large table than of a small one.

The work is counted, not timed: on SQLite the steps of its virtual machine, on PostgreSQL the
rows that its scans return and the pages that they touch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.ledger.corrections.models import Correction
from hoardrun.ledger.journal.models import Book, Posting
from hoardrun.ledger.models import Account, Transaction
from hoardrun.market.models import Instrument, PriceAlert
from hoardrun.payments.tariffs.models import ProviderFee, ProviderLimit
from notifications.models import (
    Address,
    Delivery,
    Digest,
    Escalation,
    Notification,
    Suppression,
)
from realtime.admin_bases.pages import ByKey
from realtime.models import (
    Connection,
    Cursor,
    Event,
    IssuedToken,
    Node,
    Stream,
    Webhook,
)
from tests.clients import browser_as
from tests.notifications import outside

FEW, MANY = 1500, 6000  # rows of each table
PER_ACCOUNT = 4  # transactions: a planner may begin with the smaller table, and sort the other
SLACK = 1500  # steps or rows of a page that is not full at first
CHOICES = "autocomplete/?app_label=ledger&"
# The addresses of each list, with a page, a filter, a search or the choices of a form.
LISTS: dict[str, list[str]] = {
    "ledger/transaction/": [
        *("", "?p=700", "?status__exact=failed", "?status__exact=expired"),  # nothing has expired
        *("?account__id__exact=7", "?q=user-700", "?q=700", "?q=REF-700", "?q=nobody"),
    ],
    "ledger/account/": ["", "?status__exact=closed", "?left=1", "?q=user-700"],
    "ledger/book/": ["", "?ours=1", "?account__id__exact=700", "?q=user-700", "?q=700"],
    "ledger/posting/": ["", "?txn__id__exact=700", "?q=700", "?q=settle:700"],
    "ledger/correction/": ["", "?waits=1", "?q=700"],
    "market/pricealert/": ["", "?q=user-700", "?q=700", "?user__id__exact=700"],
    "notifications/notification/": ["", "?q=user-700"],
    "notifications/suppression/": ["", f"?q={'7':064}"],
    "notifications/suppressionlift/": ["", "?q=700"],
    "realtime/stream/": ["", "?q=user:700"],
    "realtime/event/": ["", "?q=user:700", "?q=user:700+1"],
    "realtime/cursor/": ["", "?q=user-700"],
    "realtime/connection/": ["", "?q=user-700"],
    "broadcasts/broadcast/": ["", "?needs_approval__exact=1", "?q=700"],
    "broadcasts/broadcastdecision/": [""],
    "notifications/address/": [
        *("", "?state__exact=invalid", "?q=user-700", "?q=user-700@example.org"),
        "?user__id__exact=700",
    ],
    "notifications/delivery/": [
        *("", "?trouble=failed", "?trouble=bounced", "?trouble=unresolved", "?trouble=unknown"),
        *("?trouble=queued", "?trouble=sending"),
        *("?q=user-700", "?q=user-700@example.org", "?q=700", "?notification__id__exact=700"),
        *("?user__id__exact=700", "?digest__id__exact=700", "?address_hash__exact=h700"),
    ],
    "notifications/escalation/": ["", "?open=1", "?q=user-700", "?q=700"],
    "notifications/digest/": ["", "?open=1", "?q=user-700", "?q=700"],
    "notifications/preference/": ["", "?q=user-700"],
    "notifications/preferencechange/": ["", "?q=user-700", "?user__id__exact=700"],
    "notifications/consent/": ["", "?q=user-700"],
    "realtime/departure/": ["", "?q=user-700", "?q=gone-700", "?user__id__exact=700"],
    "realtime/webhook/": ["", "?q=700"],
    "payments/providerfee/": [""],
    "payments/providerlimit/": [""],
    "payments/tierdecision/": ["", "?q=user-700", "?user__id__exact=700"],
    "auth/user/": [
        "",
        "?is_staff__exact=1",
        "?seen=now",
        "?seen=week",
        "?q=user-700",
        "?q=user-700@example.org",
    ],
    "realtime/issuedtoken/": ["", "?q=user-700"],
    f"{CHOICES}model_name=account&field_name=user": ["", "&term=user-70"],
    f"{CHOICES}model_name=transaction&field_name=account": ["&term=7"],
}
ADDRESSES = [f"/admin/{path}{query}" for path, queries in LISTS.items() for query in queries]
# Tables that stay small: people write their rows, or they go with what runs now.
SMALL = {
    "auth.group",
    "ledger.floatcheck",
    "ledger.transactionmove",
    "market.candlehole",
    "market.instrument",
    "market.holiday",
    "market.lease",
    "market.quote",
    "market.source",
    "market.sourcesymbol",
    "market.tradingsession",
    "notifications.announcement",
    "notifications.mailing",
    "realtime.deployment",
    "realtime.host",
    "realtime.node",
}


def fill(first: int, last: int) -> None:
    """Write a row of each table for each number; a few of them are rare."""
    now, numbers = timezone.now(), range(first, last)
    if first == 1:
        later = now + timedelta(hours=1)  # it lives until the test is over
        Node.objects.create(id="n", host="host", pid=1, started_at=now, seen_at=later)
        Instrument.objects.create(id=1, symbol="KLMO", name="Kilimo", currency="KES")
    market = {"kind": "market", "payload": {}, "fingerprint": "x", "audience": 1}
    payment = {"type": "payment", "direction": "inbound", "amount": 1, "currency": "KES"}
    login = {"session": "s", "issued_at": now}
    User.objects.bulk_create(
        User(id=n, username=f"user-{n}", email=f"user-{n}@example.org", is_staff=n % 500 == 1)
        for n in numbers
    )
    Account.objects.bulk_create(
        Account(id=n, user_id=n, currency="KES", status="closed" if n < 4 else "active")
        for n in numbers
    )
    Transaction.objects.bulk_create(
        Transaction(
            id=n,
            account_id=1 + n % (last - 1),
            status="failed" if n < 4 else "pending",
            reference=f"REF-{n}",
            **payment,
        )
        for n in range(PER_ACCOUNT * (first - 1) + 1, PER_ACCOUNT * (last - 1) + 1)
    )
    fill_journal(first, last)
    Notification.objects.bulk_create(
        Notification(id=n, user_id=n, title="Hello", message="World") for n in numbers
    )
    PriceAlert.objects.bulk_create(
        PriceAlert(id=n, user_id=n, instrument_id=1, kind="price_above", threshold=n,
                   cooldown_seconds=1)
        for n in numbers
    )  # fmt: skip
    Suppression.objects.bulk_create(
        Suppression(id=n, channel="sms", hash=f"{n:064}", reason="bounced", created_at=now)
        for n in numbers
    )
    mobile = {"provider": "mtn", "kind": "payout", "currency": "UGX"}
    day = date(2026, 1, 1)
    ProviderFee.objects.bulk_create(
        ProviderFee(id=n, valid_from=day, least=n, most=n, **mobile) for n in numbers
    )
    ProviderLimit.objects.bulk_create(
        ProviderLimit(id=n, valid_from=day + timedelta(days=n), most=1, **mobile) for n in numbers
    )
    Stream.objects.bulk_create(Stream(id=n, name=f"user:{n}", head=1) for n in numbers)
    Event.objects.bulk_create(
        Event(id=n, stream_id=n, offset=1, type="balance_update", payload="{}", created_at=now)
        for n in numbers
    )
    Cursor.objects.bulk_create(
        Cursor(id=n, user_id=n, device="phone", stream_id=n, epoch="e", acked=0) for n in numbers
    )
    Connection.objects.bulk_create(
        Connection(id=f"c{n:09}", node_id="n", user_id=n, session="s", opened_at=now)
        for n in numbers
    )
    Broadcast.objects.bulk_create(
        Broadcast(id=n, author_id=n, target=str(n), needs_approval=n < 4, **market) for n in numbers
    )
    BroadcastDecision.objects.bulk_create(
        BroadcastDecision(id=n, broadcast_id=n, decided_by_id=n, approved=True) for n in numbers
    )
    IssuedToken.objects.bulk_create(
        IssuedToken(
            jti=f"jti-{n}", user_id=n, expires_at=now + timedelta(days=1, seconds=n), **login
        )
        for n in numbers
    )
    fill_what_leaves(numbers)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            # To read all of a table is cheap while it is small. Where an index answers, take it.
            cursor.execute("SET LOCAL enable_seqscan = off")


def fill_journal(first: int, last: int) -> None:
    """Write a book, a posting and a correction of each account; a few of ours, and a few wait."""
    now, numbers = timezone.now(), range(first, last)
    if first == 1:
        Book.objects.create(id=900_000, kind="world", currency="KES")
    Book.objects.bulk_create(
        Book(id=n, kind="customer", currency="KES", account_id=n, balance=1, version=1)
        for n in numbers
    )
    Posting.objects.bulk_create(
        Posting(
            id=n,
            debit_id=900_000,
            credit_id=n,
            minor=1,
            currency="KES",
            kind="settle",
            txn_id=n,
            source=f"settle:{n}",
            credit_balance=1,
            credit_version=1,
        )
        for n in numbers
    )
    asked = {"direction": "inbound", "amount": 1, "currency": "KES", "why": "x", "asked_by_id": 1}
    rejected = {"state": "rejected", "decided_by_id": 2, "decided_at": now}
    Correction.objects.bulk_create(
        Correction(id=n, account_id=n, **asked, **({} if n < 4 else rejected)) for n in numbers
    )


def fill_what_leaves(numbers: range) -> None:
    """Write a row of each table of what leaves the system; a few are open, or have failed."""
    now = timezone.now()
    people = [outside.Person(n, n, f"user-{n}", "10.9.8.7") for n in numbers]
    outside.fill_many(people, numbered=True)
    Delivery.objects.update(digest_id=F("pk"))
    # A channel is behind: every second one waits.
    Delivery.objects.annotate(odd=F("pk") % 2).filter(odd=1).update(state="queued")
    rare = ("failed", "bounced", "unresolved", "unknown", "sending")
    for number, state in enumerate(rare, start=1):
        Delivery.objects.filter(pk=number).update(state=state)
    Address.objects.filter(pk__lt=4).update(state="invalid")
    Escalation.objects.filter(pk__lt=4).update(closed_at=None)
    Digest.objects.filter(pk__gte=4).update(closed_at=now)
    Webhook.objects.bulk_create(
        Webhook(id=n, source="s1", hash=f"h{n}", body=b"", is_proven=True, received_at=now)
        for n in numbers
    )


@pytest.fixture
def support(db: None) -> Client:
    return browser_as(User.objects.create_superuser("charlie", pk=900_000))


@contextmanager
def counted() -> Iterator[list[int]]:
    """Count the work of the queries inside; the one number comes at the end."""
    work: list[int] = []
    if connection.vendor == "sqlite":
        steps = [0]

        def step() -> int:
            steps[0] += 1
            return 0

        connection.connection.set_progress_handler(step, 1)
        try:
            yield work
        finally:
            connection.connection.set_progress_handler(None, 0)
        work.append(steps[0])
        return
    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield work
    total = 0
    with connection.cursor() as cursor:
        for sql, params in asked:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
            plan = cursor.fetchone()[0]
            total += rows_read((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
    work.append(total)


def rows_read(plan: dict[str, Any]) -> int:
    """Add up the rows that the scans of a plan have looked at."""
    own = 0
    if "Scan" in plan["Node Type"]:
        looked_at = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        own = int(looked_at * plan["Actual Loops"]) + plan.get("Rows Removed by Index Recheck", 0)
    return own + sum(rows_read(inner) for inner in plan.get("Plans", ()))


def test_a_list_reads_as_much_of_many_rows_as_of_few(support: Client) -> None:
    work: dict[str, list[int]] = {address: [] for address in ADDRESSES}
    for first, last in ((1, FEW), (FEW, MANY)):
        fill(first, last)
        for address, found in work.items():
            support.get(address)  # queries that the first request caches do not count
            with counted() as done:
                assert support.get(address).status_code == 200, address
            found += done
    grown = {name: (few, many) for name, (few, many) in work.items() if many > few * 1.5 + SLACK}
    assert not grown


def test_every_other_table_stays_small() -> None:
    by_key = {
        model._meta.label_lower
        for model, page in admin.site._registry.items()
        if isinstance(page, ByKey)
    }
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered - by_key <= SMALL
    assert {f"{label.replace('.', '/')}/" for label in by_key} <= LISTS.keys()
