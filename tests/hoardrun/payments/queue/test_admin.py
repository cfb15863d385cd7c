"""Staff's pages: the list of what waits, why a payment is where it is, and decisions by two."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client

from hoardrun.ledger.models import Account
from hoardrun.payments.models import PaymentReceipt, ProviderPayment, ReceiptOutcome, StaffDecision
from realtime import clock
from tests.clients import browser_as, count_queries, said, staff_with
from tests.hoardrun.payments.carrying import ask, money, taken, tell_paid, wait
from tests.hoardrun.payments.queue.support import BODY, SECRETS, held, text_of
from tests.services.admin_log import act_of

QUEUE = "/admin/payments/queue/"
ALL = ("view_providerpayment", "view_paymentstep", "add_staffdecision", "change_staffdecision")


@pytest.fixture
def clerk(dora: User) -> Client:
    return browser_as(staff_with(dora, *ALL))


@pytest.fixture
def second(erin: User) -> Client:
    return browser_as(staff_with(erin, *ALL))


def url_of(row: ProviderPayment) -> str:
    return f"{QUEUE}{row.pk}/"


def test_it_lists_what_waits_the_longest_wait_first(clerk: Client, ugx: Account):
    assert "Nothing waits." in text_of(clerk.get(QUEUE))
    first, unknown, ended = held(ugx), taken(ask(ugx, "payout")), taken(ask(ugx))
    tell_paid(ended)
    tell_paid(ended, provider_txn_id="another")
    ProviderPayment.objects.filter(pk=unknown.pk).update(
        state="unknown", staff_reason="unknown", staff_since=clock.now() - timedelta(hours=30)
    )
    page = text_of(clerk.get(QUEUE))
    places = [page.index(str(row.pk)) for row in (unknown, first, ended)]
    assert places == sorted(places)
    for text in ("UGX 5,000, payout by mtn", "1 day", "Told: <strong>UGX 4,500</strong>", "bob"):
        assert text in page, text
    for what, row in (("held", first), ("unknown", unknown), ("ended", ended)):
        page = text_of(clerk.get(f"{QUEUE}?what={what}"))
        assert [str(each.pk) in page for each in (first, unknown, ended)].count(True) == 1
        assert str(row.pk) in page
    assert str(first.pk) not in text_of(clerk.get(f"{QUEUE}?provider=daraja"))
    few = count_queries(clerk, QUEUE)
    for _ in range(3):
        held(ugx)
    assert count_queries(clerk, QUEUE) == few


def test_a_page_has_fifty_and_leads_on(clerk: Client, ugx: Account, monkeypatch):
    rows = [held(ugx), held(ugx)]
    monkeypatch.setattr("hoardrun.payments.queue.selectors.PAGE", 1)
    page = text_of(clerk.get(QUEUE))
    assert str(rows[0].pk) in page and str(rows[1].pk) not in page
    assert "skip=1" in page
    page = text_of(clerk.get(f"{QUEUE}?skip=1"))
    assert str(rows[1].pk) in page and "The next ones" not in page
    assert text_of(clerk.get(f"{QUEUE}?skip=nothing&what=none&provider=nobody"))


def test_a_payment_is_found_whether_it_waits_or_not(clerk: Client, ugx: Account):
    row = taken(ask(ugx))
    tell_paid(row)
    for word in (str(row.pk), str(row.txn_id), "1432942836", "bo"):
        assert str(row.pk) in text_of(clerk.get(QUEUE, {"q": word})), word
    assert "No payment was found." in text_of(clerk.get(QUEUE, {"q": "nobody"}))
    assert "No payment was found." in text_of(clerk.get(QUEUE, {"q": ""}))


def unmatched() -> PaymentReceipt:
    """Store a callback for which no payment was found in time."""
    receipt = PaymentReceipt.objects.create(
        provider="daraja", purpose="account", method="POST", reference="INV1", raw=BODY,
        sha256="0" * 64, verdict="unproven",
    )  # fmt: skip
    ReceiptOutcome.objects.create(receipt=receipt, outcome="unmatched", processed_at=clock.now())
    return receipt


def test_callbacks_about_no_payment_are_listed(clerk: Client, erin: User):
    """A payer may have written a phone number as the name of the account."""
    assert "There is none." in text_of(clerk.get(f"{QUEUE}?what=unmatched"))
    unmatched()
    page = text_of(clerk.get(f"{QUEUE}?what=unmatched"))
    assert "daraja, •••" in page and "4500.00" in page and "INV1" not in page
    assert "Close…" not in page
    reader = browser_as(staff_with(erin, *ALL, "view_paymentreceipt"))
    assert "daraja, INV1" in text_of(reader.get(f"{QUEUE}?what=unmatched"))
    assert not any(secret in page for secret in SECRETS)


def test_a_callback_about_no_payment_is_closed_with_a_reason(clerk: Client, dora: User, erin: User):
    receipt = unmatched()
    form = {"callback": receipt.pk, "why": "A deposit of ours."}
    assert clerk.post(QUEUE, form).status_code == 403
    closer = browser_as(staff_with(erin, *ALL, "add_receiptclosing"))
    assert "Close…" in text_of(closer.get(f"{QUEUE}?what=unmatched"))
    [why] = said(closer.post(QUEUE, form | {"why": ""}, follow=True))
    assert "Say why" in why
    assert said(closer.post(QUEUE, form, follow=True)) == [f"Closed the callback #{receipt.pk}."]
    assert "There is none." in text_of(closer.get(f"{QUEUE}?what=unmatched"))
    entry = LogEntry.objects.get()
    assert (entry.user_id, act_of(entry.change_message)) == (erin.pk, "Closed: A deposit of ours.")
    [again] = said(closer.post(QUEUE, form, follow=True))
    assert again == f"The callback {receipt.pk} is closed already."


def test_it_says_why_and_keeps_who_looked(clerk: Client, ugx: Account, dora: User):
    row = held(ugx)
    page = text_of(clerk.get(url_of(row)))
    for text in (
        "another amount than was asked for", "Asked for: UGX 5000", "<strong>UGX 4,500</strong>",
        "submitted → held", "It differs from what was asked for: it is held.", "1432942836",
        "The answer to a question", "Accept: what came", "•••• 4567", 'value="4500"',
    ):  # fmt: skip
        assert text in page, text
    assert not any(secret in page for secret in SECRETS)
    entry = LogEntry.objects.get()
    assert (entry.user_id, entry.object_id) == (dora.pk, str(row.pk))
    assert act_of(entry.change_message) == "Looked at why it is where it is in the admin."
    assert clerk.get(f"{QUEUE}{row.pk.hex[:-1]}x/").status_code == 404


def test_what_a_provider_sent_takes_a_right_of_its_own(clerk: Client, ugx: Account, dora: User):
    row = held(ugx)
    assert clerk.get(f"{url_of(row)}?content=1").status_code == 403
    reader = browser_as(staff_with(dora, "view_paymentstep", "view_paymentreceipt"))
    page = text_of(reader.get(f"{url_of(row)}?content=1"))
    assert all(secret in page for secret in SECRETS)
    assert "and read what its provider sent" in LogEntry.objects.get().change_message


def test_one_asks_and_another_one_decides(
    clerk: Client, second: Client, ugx: Account, dora: User, erin: User
):
    row = held(ugx)
    url = url_of(row)
    asked = {"action": "accept", "amount": "4500", "why": "It is in their portal."}
    assert said(clerk.post(url, asked, follow=True)) == [
        "You have asked to accept it. Another member of staff decides."
    ]
    decision = StaffDecision.objects.get()
    assert "accept: asked by dora" in text_of(second.get(QUEUE))
    approval = {"decision": decision.pk, "approve": "1"}
    [own] = said(clerk.post(url, approval))
    assert own == "You have asked for it yourself: another member of staff decides."
    assert "Take it back" in text_of(clerk.get(url))
    assert said(second.post(url, approval, follow=True)) == ["Done: accept."]
    row.refresh_from_db()
    assert (row.state, row.amount, money(ugx)) == ("succeeded", 4500, (54_500, 54_500))
    assert "Decided before" in text_of(second.get(url))
    notes = LogEntry.objects.filter(user_id=erin.pk).values_list("change_message", flat=True)
    assert "Approved to accept it in the admin. It is in their portal." in map(act_of, notes)
    # Once more, there is nothing to decide, and the page says so.
    [twice] = said(second.post(url, approval))
    assert twice == "This was decided before."


def test_a_refusal_is_shown_beside_what_was_written(clerk: Client, ugx: Account):
    row = held(ugx)
    wrong = {"action": "accept", "amount": "45.5", "why": "It is in their portal."}
    answer = clerk.post(url_of(row), wrong)
    assert "decimal" in said(answer)[0]
    assert "It is in their portal." in text_of(answer) and 'value="45.5"' in text_of(answer)
    assert "This field is required." in text_of(clerk.post(url_of(row), {"action": "accept"}))
    assert "Select a valid choice" in text_of(clerk.post(url_of(row), {"action": "steal"}))
    assert not StaffDecision.objects.exists()


def test_what_has_ended_is_only_put_away(clerk: Client, second: Client, ugx: Account):
    row = taken(ask(ugx))
    tell_paid(row)
    tell_paid(row, provider_txn_id="another")
    page = text_of(clerk.get(url_of(row)))
    assert "Put away" in page and "Accept:" not in page and "What came" not in page
    clerk.post(url_of(row), {"action": "reject", "why": "It went back in the portal."})
    made = StaffDecision.objects.get()
    second.post(url_of(row), {"decision": made.pk, "approve": "1"})
    row.refresh_from_db()
    assert (row.staff_since, row.state) == (None, "succeeded")


def test_a_large_payout_is_sent_once_two_have_accepted_it(
    clerk: Client, second: Client, ugx: Account, settings
):
    settings.PAYMENTS = {**settings.PAYMENTS, "PAYMENTS_APPROVE_ABOVE": (("UGX", Decimal(1000)),)}
    row = ask(ugx, "payout")
    assert str(row.pk) in text_of(clerk.get(f"{QUEUE}?what=approval"))
    assert str(row.pk) not in text_of(clerk.get(f"{QUEUE}?what=unknown"))
    page = text_of(clerk.get(url_of(row)))
    assert "Send it to the provider" in page and "Accept:" not in page
    clerk.post(url_of(row), {"action": "send", "why": "She has called us."})
    made = StaffDecision.objects.get()
    second.post(url_of(row), {"decision": made.pk, "approve": "1"})
    row.refresh_from_db()
    assert (row.state, row.staff_since) == ("created", None)
    assert row.next_check_at is not None


def test_who_asked_takes_it_back_without_the_right_to_decide(ugx: Account, dora: User):
    row = held(ugx)
    asks = browser_as(staff_with(dora, "view_paymentstep", "add_staffdecision"))
    asks.post(url_of(row), {"action": "reject", "why": "Nothing came."})
    made = StaffDecision.objects.get()
    *_, refused = said(asks.post(url_of(row), {"decision": made.pk, "approve": "1"}))
    assert "takes the right payments.change_staffdecision" in refused
    asks.post(url_of(row), {"decision": made.pk, "decline": "1"})
    made.refresh_from_db()
    assert (made.state, made.decided_by_id) == ("declined", None)
    *_, gone = said(asks.post(url_of(row), {"decision": "0", "decline": "1"}))
    assert gone == "Nobody has asked for an action 0 on this payment."


def test_each_step_takes_its_right(ugx: Account, dora: User, erin: User):
    row = held(ugx)
    sees = browser_as(staff_with(dora, "view_providerpayment"))
    page = text_of(sees.get(QUEUE))
    assert str(row.pk) not in page and "UGX 5,000" in page  # no link
    assert sees.get(url_of(row)).status_code == 403
    traces = browser_as(staff_with(erin, "view_paymentstep"))
    assert traces.get(QUEUE).status_code == 403
    assert "Ask for an action" not in text_of(traces.get(url_of(row)))
    wanted = {"action": "reject", "why": "Nothing came."}
    assert traces.post(url_of(row), wanted).status_code == 403
    assert not StaffDecision.objects.exists()


def test_nobody_decides_on_a_payment_of_their_own(ugx: Account, bob: User, clerk: Client):
    row = held(ugx)
    own = browser_as(staff_with(bob, *ALL))
    page = text_of(own.get(url_of(row)))
    assert "This payment is yours" in page and "Ask for an action" not in page
    assert said(own.post(url_of(row), {"action": "reject", "why": "It is mine."}))
    assert not StaffDecision.objects.exists()
    clerk.post(url_of(row), {"action": "reject", "why": "Nothing came."})
    made = StaffDecision.objects.get()
    assert "Approve" not in text_of(own.get(url_of(row)))
    assert said(own.post(url_of(row), {"decision": made.pk, "approve": "1"}))
    made.refresh_from_db()
    assert made.state == "asked"


def test_a_payment_under_way_shows_when_it_is_asked_about(clerk: Client, ugx: Account):
    row = taken(ask(ugx))
    page = text_of(clerk.get(url_of(row)))
    assert "The provider is asked next at" in page and "Ask for an action" not in page
    wait(row, hours=1)
    ProviderPayment.objects.filter(pk=row.pk).update(next_check_at=None, version=F("version") + 1)
    assert "is not asked any more" in text_of(clerk.get(url_of(row)))
