"""The demo's customer pays by itself."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from hoardrun.ledger import actors, demo
from hoardrun.ledger.models import Account, Transaction
from notifications.models import Notification
from tests.hoardrun.ledger.conftest import create
from tests.hoardrun.ledger.management.test_seed_demo import LOGINS
from tests.hoardrun.tools import at_once


@pytest.fixture
def account(db, settings) -> Account:
    settings.DEMO_LOGINS = LOGINS
    call_command("seed_demo", stdout=StringIO())
    return Account.objects.get(user__username="alice", currency="UGX")


def steps(count: int, times: int = 1) -> None:
    for number in range(count):
        for _ in range(times):
            demo.step(now=1_000_000 + number * demo.SECONDS)


def paid(account: Account) -> list[str]:
    rows = Transaction.objects.filter(account=account, reference__startswith=demo.REFERENCE)
    return list(rows.order_by("id").values_list("status", flat=True))


@pytest.mark.parametrize("nodes", [1, 3])
def test_nodes_begin_one_payment_at_each_step_and_move_the_others_on(account: Account, nodes: int):
    steps(3, times=nodes)
    assert paid(account)[0] in {"completed", "failed"}
    assert paid(account)[1:] == ["processing", "pending"]


@pytest.mark.django_db(transaction=True)
def test_several_nodes_make_one_step_at_a_time(account: Account):
    demo.step(now=1_000_000)
    outcomes = at_once(8, lambda _: demo.step(now=1_000_000 + demo.SECONDS))
    assert outcomes == [None] * 8
    assert paid(account) == ["processing", "pending"]


def test_it_keeps_payments_of_a_customer_with_any_reference(account: Account):
    names = ("DEMO-AUTO-x", f"DEMO-AUTO-{1_000_000 // demo.SECONDS}")
    by = actors.user(account.user_id)
    theirs = [create(account, "1000", reference=n, idempotency_key=n, by=by) for n in names]
    steps(3)
    for txn in theirs:
        txn.refresh_from_db()
    assert {txn.status for txn in theirs} == {"pending"}
    assert paid(account)[2] in {"completed", "failed"}
    assert paid(account)[3:] == ["processing", "pending"]


def test_it_goes_on_for_ever_and_leaves_the_bell_readable(account: Account):
    steps(120)
    account.refresh_from_db()
    assert account.available_balance > 0
    assert {"completed", "failed"} <= set(paid(account))
    unread = Notification.objects.filter(user=account.user, status="unread", type="transaction")
    assert unread.count() <= demo.UNREAD
    for txn in Transaction.objects.filter(account=account, reference__startswith=demo.REFERENCE):
        actors = txn.moves.exclude(to_status="pending").values_list("actor_kind", "actor_name")
        assert set(actors) <= {("provider", txn.provider)}


def test_it_does_nothing_when_the_customer_is_missing(db, settings):
    settings.DEMO_LOGINS = LOGINS
    demo.step()
    assert not Transaction.objects.exists()
