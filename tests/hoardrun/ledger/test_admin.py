from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_open, transaction_create
from tests.hoardrun.ledger.conftest import published

ACCOUNTS = "/admin/ledger/account/"
TRANSACTIONS = "/admin/ledger/transaction/"


@pytest.fixture
def support(charlie: User) -> Client:
    client = Client()
    client.force_login(charlie)
    return client


def create(account: Account, amount: str = "10", **more) -> Transaction:
    fields = {"type": "payment", "direction": "outbound", **more}
    return transaction_create(account_id=account.pk, amount=amount, **fields).txn


def run(client: Client, action: str, *txns: Transaction) -> list[str]:
    """Run an admin action; return the messages it left."""
    response = client.post(
        TRANSACTIONS,
        {"action": action, "_selected_action": [txn.pk for txn in txns]},
        follow=True,
    )
    return [str(message) for message in response.context["messages"]]


def count_queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_it_asks_no_query_per_row(support: Client, kes: Account, alice: User, bob: User):
    create(kes)
    few = [count_queries(support, path) for path in (ACCOUNTS, TRANSACTIONS)]
    for user in (alice, bob):
        account = account_open(user_id=user.pk, currency="USD", opening_balance="500")
        for _ in range(5):
            create(account)
    assert [count_queries(support, path) for path in (ACCOUNTS, TRANSACTIONS)] == few


@pytest.mark.parametrize("text", ["bob", "bob@example.org", "REF-7"])
def test_it_finds_a_transaction(support: Client, kes: Account, ugx: Account, text: str):
    create(kes, reference="REF-1")
    wanted = create(ugx, reference="REF-7")
    for query in (text, str(wanted.pk)):
        page = support.get(TRANSACTIONS, {"q": query})
        assert list(page.context["cl"].queryset) == [wanted]
    assert list(support.get(ACCOUNTS, {"q": "bob"}).context["cl"].queryset) == [ugx]


def test_it_completes_each_and_says_what_came_of_it(support: Client, kes: Account, alice: User):
    paid, cancelled, received = create(kes, "200"), create(kes), create(kes, direction="inbound")
    run(support, "cancel", cancelled)
    messages = run(support, "complete", paid, cancelled, received)
    assert messages == [
        "2 transactions completed: KES 210.00.",
        f"#{cancelled.pk}: The transaction is cancelled and cannot become completed. "
        "That is final.",
    ]
    kes.refresh_from_db()
    assert kes.current_balance == kes.available_balance == Decimal("810")
    assert len(published(alice, "notification")) == 2
    assert LogEntry.objects.filter(object_id=str(paid.pk)).count() == 1


def test_it_sums_up_what_came_of_many(support: Client, kes: Account, ugx: Account):
    one = create(kes, "7.50")
    assert run(support, "complete", one) == [f"#{one.pk}: KES 7.50 completed."]
    many = [create(kes, "1") for _ in range(12)] + [create(ugx, "500")]
    assert run(support, "complete", *many) == ["13 transactions completed: KES 12.00, UGX 500."]
    [refused] = run(support, "cancel", *many)
    first = ", ".join(f"#{txn.pk}" for txn in many[:10])
    assert refused.startswith(f"{first} and 3 more: The transaction is completed")


def test_it_fails_and_reverses(support: Client, kes: Account):
    failed, undone = create(kes), create(kes)
    run(support, "fail", failed)
    run(support, "complete", undone)
    run(support, "reverse", undone)
    statuses = Transaction.objects.order_by("id").values_list("status", flat=True)
    assert list(statuses) == ["failed", "reversed"]


def test_it_moves_nothing_for_who_may_only_look(kes: Account, bob: User):
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="view_transaction"))
    client = Client()
    client.force_login(bob)
    txn = create(kes)
    assert client.get(f"{TRANSACTIONS}{txn.pk}/change/").status_code == 200
    client.post(TRANSACTIONS, {"action": "complete", "_selected_action": [txn.pk]})
    txn.refresh_from_db()
    assert txn.status == "pending"


def test_it_adds_a_transaction_through_the_service(support: Client, kes: Account):
    assert support.get(f"{TRANSACTIONS}add/").status_code == 200
    form = {
        "account": kes.pk,
        "type": "payment",
        "direction": "outbound",
        "amount": "250",
        "payment_method": "cash",
        "reference": "DESK-1",
    }
    assert support.post(f"{TRANSACTIONS}add/", form).status_code == 302
    txn = Transaction.objects.get()
    assert (txn.currency, txn.status, txn.reference) == ("KES", "pending", "DESK-1")
    kes.refresh_from_db()
    assert kes.available_balance == Decimal("750")

    for wrong, text in (
        ({"amount": "1000"}, "KES 1000.00 is needed and KES 750.00 is available"),
        ({"type": "deposit"}, "A deposit is always inbound"),
        ({"amount": "-1"}, "greater than zero"),
    ):
        page = support.post(f"{TRANSACTIONS}add/", form | wrong)
        assert page.status_code == 200
        assert text in page.content.decode()
    assert Transaction.objects.count() == 1


def test_it_opens_an_empty_account(support: Client, alice: User):
    assert support.get(f"{ACCOUNTS}add/").status_code == 200
    form = {"user": alice.pk, "type": "savings", "name": "Rent", "currency": "UGX"}
    assert support.post(f"{ACCOUNTS}add/", form).status_code == 302
    account = Account.objects.get()
    assert (account.name, account.status) == ("Rent", "active")


def test_it_lets_nobody_edit_money_or_delete_it(support: Client, kes: Account):
    txn = create(kes)
    support.post(
        f"{ACCOUNTS}{kes.pk}/change/",
        {"name": "Rent", "available_balance": "1000000", "status": "closed", "user": "1"},
    )
    kes.refresh_from_db()
    assert (kes.name, kes.available_balance, kes.status) == ("Rent", Decimal("990"), "active")
    support.post(
        f"{TRANSACTIONS}{txn.pk}/change/", {"status": "completed", "amount": "1", "account": "1"}
    )
    txn.refresh_from_db()
    assert (txn.status, txn.amount) == ("pending", Decimal("10"))
    for path in (f"{ACCOUNTS}{kes.pk}/delete/", f"{TRANSACTIONS}{txn.pk}/delete/"):
        assert support.post(path, {"post": "yes"}).status_code == 403
