from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from hoardrun.ledger.choices import TransactionStatus as Status
from hoardrun.ledger.models import Account, Transaction
from hoardrun.ledger.services import account_open
from hoardrun.ledger.transitions import TRANSITIONS
from tests.clients import act, browser_as, count_queries, said, staff_with
from tests.hoardrun.ledger.conftest import (
    balances,
    complete,
    create,
    move,
    payment,
    published,
)

ACCOUNTS = "/admin/ledger/account/"
TRANSACTIONS = "/admin/ledger/transaction/"


def run(client: Client, action: str, *txns: Transaction) -> list[str]:
    return act(client, TRANSACTIONS, action, *txns)


def page_of(client: Client, row: Transaction | Account) -> str:
    """Return the page of one transaction or account."""
    name = row._meta.model_name
    return str(client.get(f"/admin/ledger/{name}/{row.pk}/change/").content.decode())


def press(client: Client, txn: Transaction, to: str, came_from: str = "", **more: str) -> Any:
    """Press the button that moves a transaction."""
    headers = {"Referer": came_from} if came_from else {}
    path = f"{TRANSACTIONS}{txn.pk}/move/"
    return client.post(path, {"to": to, **more}, headers=headers, follow=True)


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
    assert balances(kes) == (810, 810)
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


def test_it_adds_a_transaction_through_the_service(support: Client, kes: Account):
    assert support.get(f"{TRANSACTIONS}add/").status_code == 200
    form = payment(kes, amount="250", payment_method="cash", reference="DESK-1")
    form["account"] = kes.pk
    assert support.post(f"{TRANSACTIONS}add/", form).status_code == 302
    txn = Transaction.objects.get()
    assert (txn.currency, txn.status, txn.reference) == ("KES", "pending", "DESK-1")
    assert balances(kes)[0] == 750

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


def test_money_is_neither_edited_nor_deleted(support: Client, kes: Account):
    txn = create(kes)
    wrong = {"available_balance": "1000000", "status": "closed", "user": "1"}
    support.post(f"{ACCOUNTS}{kes.pk}/change/", {"name": "Rent", **wrong})
    kes.refresh_from_db()
    assert (kes.name, kes.available_balance, kes.status) == ("Rent", 990, "active")
    wrong = {"status": "completed", "amount": "1", "account": "1"}
    support.post(f"{TRANSACTIONS}{txn.pk}/change/", wrong)
    txn.refresh_from_db()
    assert (txn.status, txn.amount) == ("pending", 10)
    for path in (f"{ACCOUNTS}{kes.pk}/delete/", f"{TRANSACTIONS}{txn.pk}/delete/"):
        assert support.post(path, {"post": "yes"}).status_code == 403


def test_it_completes_one_by_its_button(support: Client, kes: Account, charlie: User):
    txn, done = create(kes), create(kes)
    run(support, "complete", done)
    page = support.get(TRANSACTIONS, {"status__exact": "pending"}).content.decode()
    assert f'formaction="{TRANSACTIONS}{txn.pk}/move/"' in page
    assert f"{TRANSACTIONS}{done.pk}/move/" not in support.get(TRANSACTIONS).content.decode()
    came_from = f"http://testserver{TRANSACTIONS}?status__exact=pending"
    form = {"action": "", "select_across": "0"}  # the list's own fields too
    answer = press(support, txn, "completed", came_from, **form)
    assert answer.redirect_chain == [(came_from, 302)]
    assert said(answer) == [f"#{txn.pk}: KES 10.00 completed."]
    move = txn.moves.get(to_status="completed")
    assert (move.actor_kind, move.user) == ("staff", charlie)
    assert LogEntry.objects.filter(object_id=str(txn.pk), user=charlie).count() == 1


@pytest.fixture
def of_each_status(kes: Account) -> dict[str, Transaction]:
    found = {status: create(kes) for status in Status.values}
    complete(found["reversed"])
    for status, txn in found.items():
        if status != "pending":
            move(txn, status)
    return found


def test_status_and_button_come_first_and_only_what_may_complete_has_one(
    support: Client, of_each_status: dict[str, Transaction]
):
    page = support.get(TRANSACTIONS).content.decode()
    columns = re.findall(r'<th scope="col" class="[^"]*column-(\w+)', page)
    assert columns[:3] == ["id", "status", "complete_one"]
    for status, txn in of_each_status.items():
        offered = f"{TRANSACTIONS}{txn.pk}/move/" in page
        assert offered == (status in {"pending", "processing"})


def test_it_shows_five_reasons_and_counts_the_rest(
    support: Client, of_each_status: dict[str, Transaction], charlie: User
):
    own = account_open(user_id=charlie.pk, currency="KES")
    final = [txn for status, txn in of_each_status.items() if not TRANSITIONS[Status(status)]]
    done = of_each_status["completed"]
    mine = [create(own, direction="inbound") for _ in range(2)]
    messages = run(support, "complete", *final, done, *mine)
    assert len(messages) == 6
    assert all("cannot become completed" in text for text in messages[:5])
    assert messages[5] == "2 more were refused."


def test_its_page_has_a_button_for_each_move_and_shows_the_moves(support: Client, kes: Account):
    txn = create(kes)
    page = page_of(support, txn)
    for to in ("completed", "processing", "failed", "cancelled", "expired"):
        assert f'name="to" value="{to}"' in page
    assert 'value="reversed"' not in page
    assert 'name="_save"' not in page
    answer = press(support, txn, "failed", reason="no such meter")
    assert answer.redirect_chain == [(f"{TRANSACTIONS}{txn.pk}/change/", 302)]
    page = answer.content.decode()
    assert "no such meter" in page
    assert "Staff: charlie" in page
    assert "System: unnamed" in page
    assert 'name="to"' not in page  # it is final


def test_pages_show_amounts_with_the_decimals_of_their_currency(
    support: Client, kes: Account, ugx: Account
):
    for account, amount, then, left in (
        (ugx, "UGX 12,345", "UGX 37,655", "UGX 37,655"),
        (kes, "KES 12.50", "KES 987.50", "KES 987.50"),
    ):
        txn = create(account, amount.partition(" ")[2].replace(",", ""))
        run(support, "complete", txn)
        page = page_of(support, txn)
        assert f">\N{MINUS SIGN}{amount}<" in page
        assert f">{then}<" in page
        page += page_of(support, account)
        assert page.count(f">{left}<") >= 2
        assert not re.search(r"\b[0-9]+\.00\b", page)


def test_money_that_comes_has_another_sign_than_money_that_goes(support: Client, kes: Account):
    create(kes, "1.50")
    create(kes, "2.50", direction="inbound")
    page = support.get(TRANSACTIONS).content.decode()
    assert re.findall(r'class="money">(.+?)<', page) == ["+KES 2.50", "\N{MINUS SIGN}KES 1.50"]


def test_a_balance_of_nothing_is_shown_as_one(support: Client, ugx: Account):
    txn = create(ugx, "50000")
    assert ">UGX 0<" not in page_of(support, txn)
    run(support, "complete", txn)
    assert ">UGX 0<" in page_of(support, txn)


def test_the_page_of_a_transaction_names_the_user(support: Client, kes: Account):
    assert '<div class="readonly">alice</div>' in page_of(support, create(kes))


def test_it_leads_to_no_other_site(support: Client, kes: Account):
    answer = press(support, create(kes), "completed", came_from="https://evil.example/")
    assert answer.redirect_chain[0][0].startswith(TRANSACTIONS)


def test_it_offers_no_move_of_ones_own_money(kes: Account, alice: User):
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client = browser_as(alice)
    txn = create(kes, direction="inbound")
    page = page_of(client, txn)
    assert "an account of your own" in page
    assert 'name="to"' not in page
    refused = said(press(client, txn, "completed")) + run(client, "complete", txn)
    assert len(refused) == 2
    assert all("another member of staff" in text for text in refused)
    txn.refresh_from_db()
    assert txn.status == "pending"


def test_the_right_to_view_moves_nothing(kes: Account, bob: User):
    client = browser_as(staff_with(bob, "view_transaction"))
    txn = create(kes)
    for path in (TRANSACTIONS, f"{TRANSACTIONS}{txn.pk}/change/"):
        page = client.get(path)
        assert page.status_code == 200
        assert f"{txn.pk}/move/" not in page.content.decode()
    run(client, "complete", txn)
    assert press(client, txn, "completed").status_code == 403
    assert client.get(f"{TRANSACTIONS}{txn.pk}/move/").status_code == 405
    txn.refresh_from_db()
    assert txn.status == "pending"


def test_forms_offer_accounts_by_the_name_of_their_user(
    support: Client, kes: Account, ugx: Account
):
    query = {"app_label": "ledger", "model_name": "transaction", "field_name": "account"}
    offered = support.get("/admin/autocomplete/", query | {"term": "bo"}).json()["results"]
    assert offered == [{"id": str(ugx.pk), "text": f"bob: Checking (UGX) #{ugx.pk}"}]
    create(kes)
    assert f"alice: Checking (KES) #{kes.pk}" in support.get(TRANSACTIONS).content.decode()
