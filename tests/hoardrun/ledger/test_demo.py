"""The demo's customer pays by itself."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from hoardrun.ledger import demo
from hoardrun.ledger.models import Account, Transaction
from notifications.models import Notification
from tests.hoardrun.ledger.test_seed_demo import LOGINS


@pytest.fixture
def account(db, settings) -> Account:
    settings.DEMO_LOGINS = LOGINS
    call_command("seed_demo", stdout=StringIO())
    return Account.objects.get(user__username="alice", currency="UGX")


def paid(account: Account) -> list[str]:
    rows = Transaction.objects.filter(account=account, reference__startswith=demo.REFERENCE)
    return list(rows.order_by("id").values_list("status", flat=True))


def test_it_begins_a_payment_at_each_step_and_moves_the_others_on(account: Account):
    for number in range(3):
        demo.step(now=1_000_000 + number * demo.SECONDS)
    assert paid(account)[0] in {"completed", "failed"}
    assert paid(account)[1:] == ["processing", "pending"]


def test_several_nodes_begin_one_payment_at_a_step(account: Account):
    for _ in range(3):
        demo.step(now=1_000_000)
    assert len(paid(account)) == 1


def test_it_goes_on_for_ever_and_leaves_the_bell_readable(account: Account):
    for number in range(120):
        demo.step(now=1_000_000 + number * demo.SECONDS)
    account.refresh_from_db()
    assert account.available_balance > 0
    assert {"completed", "failed"} <= set(paid(account))
    unread = Notification.objects.filter(user=account.user, status="unread", type="transaction")
    assert unread.count() <= demo.UNREAD
    for txn in Transaction.objects.filter(account=account, reference__startswith=demo.REFERENCE):
        actors = txn.moves.exclude(to_status="pending").values_list("actor_kind", "actor_name")
        assert set(actors) <= {("provider", txn.provider)}


def test_without_the_customer_it_does_nothing(db, settings):
    settings.DEMO_LOGINS = LOGINS
    demo.step()
    assert not Transaction.objects.exists()
