"""Opening balances, and what nodes of the release before move without postings."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps

from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.journal.catching_up import missing_post
from hoardrun.ledger.journal.models import Posting
from hoardrun.ledger.models import Account, Transaction, TransactionMove
from realtime import clock
from tests.hoardrun.ledger.conftest import complete, create, move
from tests.hoardrun.ledger.journal.conftest import assert_books_agree, lines, verified

pytestmark = pytest.mark.django_db
migration = import_module("hoardrun.ledger.migrations.0011_opening_balances")


def old_account(user_id: int, balance: str, **more: object) -> Account:
    """Open an account as the release before did."""
    fields = {"currency": "KES", "current_balance": Decimal(balance)} | more
    return Account.objects.create(
        user_id=user_id, available_balance=max(Decimal(balance), Decimal(0)), **fields
    )


def old_move(account: Account, amount: str, to: str = "completed", **more: object) -> Transaction:
    """Complete, and perhaps reverse, an inbound transaction as the release before did."""
    txn = create(account, amount, "inbound", **more)
    money = Decimal(amount)
    for status in ("completed", "reversed"):
        TransactionMove.objects.create(
            txn=txn,
            from_status=txn.status,
            to_status=status,
            actor_kind="system",
            actor_name="old",
        )
        sign = 1 if status == Status.COMPLETED else -1
        account.refresh_from_db()
        account.available_balance += sign * money
        account.current_balance += sign * money
        account.save()
        txn.status = status
        if status == Status.COMPLETED:
            txn.balance_after, txn.completed_at = account.current_balance, clock.now()
        txn.save()
        if status == to:
            break
    return txn


def opened() -> None:
    migration.open_books(apps, None)


def test_each_account_begins_with_what_it_had(alice, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(migration, "BATCH", 2)
    full, empty, owes, shillings = (
        old_account(alice.pk, "12.34"),
        old_account(alice.pk, "0"),
        old_account(alice.pk, "-5", type="credit"),
        old_account(alice.pk, "700", currency="UGX"),
    )
    opened()
    opened()  # as after a migration that broke off
    assert lines() == [
        ("opening", "world KES", f"customer #{full.pk} KES", 1234),
        ("opening", f"customer #{owes.pk} KES", "world KES", 500),
        ("opening", "world UGX", f"customer #{shillings.pk} UGX", 700),
    ]
    assert_books_agree(full, empty, owes, shillings)


def test_a_fraction_that_does_not_exist_is_named(alice):
    account = old_account(alice.pk, "7.50", currency="UGX")
    opened()
    [finding] = verified()
    assert (finding.account_id, finding.expected) == (account.pk, "UGX 7")
    assert finding.found == "UGX 7.5"


def test_what_was_moved_before_is_in_the_opening_balance(alice):
    account = old_account(alice.pk, "100")
    before, undone = old_move(account, "10"), old_move(account, "20", to="reversed")
    opened()
    assert_books_agree(account)
    assert missing_post() == 0
    move(before, "reversed")  # there is nothing that it could mirror by name
    assert Posting.objects.get(txn=before).reverses is None
    assert_books_agree(account)
    assert not Posting.objects.filter(txn=undone).exists()


def test_what_old_nodes_move_later_is_found_and_posted(alice):
    account = old_account(alice.pk, "100")
    opened()
    txn = old_move(account, "10", provider="mpesa")
    complete(create(account, "1"))  # by a node of this release
    undone = old_move(account, "20", to="reversed")
    found = verified()
    assert [finding.what for finding in found if finding.check == "missing"] == [
        f"posting of completed transaction #{txn.pk}",
        f"posting of completed transaction #{undone.pk}",
        f"posting of reversed transaction #{undone.pk}",
    ]
    assert missing_post() == 3
    assert missing_post() == 0
    assert_books_agree(account)


def test_what_old_nodes_move_on_accounts_of_their_own_is_posted(alice):
    account = old_account(alice.pk, "0")
    old_move(account, "10")
    assert missing_post() == 1
    assert_books_agree(account)


def test_what_old_nodes_carry_is_posted_once(alice):
    gives, takes = old_account(alice.pk, "10"), old_account(alice.pk, "0")
    opened()
    sides = []
    for account, type, sign in ((gives, "transfer_out", -1), (takes, "transfer_in", 1)):
        account.current_balance += 10 * sign
        account.available_balance += 10 * sign
        account.save()
        side = Transaction.objects.create(
            account=account,
            type=type,
            direction="outbound" if sign < 0 else "inbound",
            amount=Decimal(10),
            currency="KES",
            status="completed",
            balance_after=account.current_balance,
            completed_at=clock.now(),
        )
        sides.append(side)
    for one, other in (sides, sides[::-1]):
        Transaction.objects.filter(pk=one.pk).update(counterpart=other)
    assert missing_post() == 1
    assert len(lines(kind="transfer")) == 1
    assert_books_agree(gives, takes)
