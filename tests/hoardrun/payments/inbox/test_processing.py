"""Stored callbacks are read once; what fails is tried again, and nothing is completed by one."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.payments import callback_urls, readings
from hoardrun.payments.evidence import Claim, Evidence, Source
from hoardrun.payments.inbox import processing
from hoardrun.payments.inbox.processing import Sweeper, process
from hoardrun.payments.models import PaymentReceipt, ProviderPayment, ReceiptOutcome
from hoardrun.payments.services import evidence_apply
from realtime import clock
from tests.hoardrun.payments.calling.support import set_up
from tests.hoardrun.payments.inbox.support import call, of_account, of_mtn, path_of, sent
from tests.stored import just_over

ACCOUNT = f"/hooks/payments/{callback_urls.code_of('daraja')}/account/{'a' * 32}"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _settings(settings) -> None:
    settings.PAYMENTS = set_up("https://provider.example")


def outcome() -> ReceiptOutcome:
    return ReceiptOutcome.objects.latest("pk")


def came(path: str, body: Any, **headers: str) -> int:
    """Have a callback come; return the id of its receipt."""
    call(path, body, **headers)
    return PaymentReceipt.objects.latest("pk").pk


def test_a_callback_has_the_provider_asked_and_completes_nothing(alice: User) -> None:
    row = sent(alice)
    number = came(path_of(row), of_mtn(row))
    assert process(number)
    row.refresh_from_db()
    assert row.state == "confirming"
    assert row.next_check_at is not None and row.next_check_at <= clock.now()
    assert outcome().outcome == "applied" and outcome().processed_at is not None
    version = row.version
    assert not process(number)  # another process has read it
    row.refresh_from_db()
    assert row.version == version


@pytest.mark.parametrize("believed", [True, False])
def test_a_signed_callback_completes_only_where_signatures_are_believed(
    alice: User, settings, believed: bool
) -> None:
    names = ("airtel",) if believed else ()
    settings.PAYMENTS = set_up("https://x.example", PAYMENTS_BELIEVE_SIGNATURES=names)
    row = sent(alice, "airtel")
    body = {"transaction": {"id": str(row.pk), "status_code": "TS", "airtel_money_id": "M1"}}
    raw = json.dumps(body).encode()
    signed = b64encode(hmac.new(b"h4sh", raw, sha256).digest()).decode()
    process(came(path_of(row), raw, hash=signed))
    row.refresh_from_db()
    assert row.state == ("succeeded" if believed else "confirming")


def test_what_is_forged_changes_nothing(alice: User) -> None:
    row = sent(alice, "airtel")
    body = {"transaction": {"id": str(row.pk), "status_code": "TS", "airtel_money_id": "M1"}}
    assert process(came(path_of(row), body, hash="wrong"))
    row.refresh_from_db()
    assert (row.state, outcome().outcome) == ("created", "refused")


def test_a_timeout_of_the_provider_leaves_a_payout_unknown(alice: User) -> None:
    row = sent(alice, "daraja", "payout")
    process(came(path_of(row, "timeout"), {"Result": {"ResultCode": 1}}))
    row.refresh_from_db()
    assert row.state == "unknown"


def test_one_that_fails_is_tried_again_later(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    row = sent(alice)
    number = came(path_of(row), of_mtn(row))
    ProviderPayment.objects.filter(pk=row.pk).update(hint="no evidence")  # what breaks it
    assert process(number)
    failed = outcome()
    assert (failed.processed_at, failed.tries) == (None, 1) and failed.error
    assert failed.due_at is not None and failed.due_at > clock.now()
    assert Sweeper(at_once=True).step() == 0  # not yet
    ProviderPayment.objects.filter(pk=row.pk).update(hint=None)
    ReceiptOutcome.objects.update(due_at=just_over())
    assert Sweeper(at_once=True).step() == 1
    assert (outcome().outcome, outcome().error) == ("applied", "")


def test_a_sweep_finds_what_nobody_has_read(alice: User) -> None:
    row = sent(alice)
    came(path_of(row), of_mtn(row))
    assert Sweeper().step() == 0  # somebody is about to read it
    sweeper = Sweeper(at_once=True)
    assert (sweeper.step(), sweeper.step()) == (1, 0)
    came(path_of(row), of_mtn(row, "PENDING"))
    assert sweeper.step() == 1  # also after one that has found nothing


def test_a_claim_ends_with_the_process_that_made_it(alice: User) -> None:
    row = sent(alice)
    number = came(path_of(row), of_mtn(row))
    assert processing._claim(number) and not process(number)
    ReceiptOutcome.objects.update(due_at=clock.now() - timedelta(seconds=1))
    assert process(number)


def test_money_to_an_account_is_of_the_one_open_payment_that_it_names(alice: User) -> None:
    row = sent(alice, "daraja", reference="INV1")
    process(came(ACCOUNT, of_account("INV1")))
    row.refresh_from_db()
    assert (row.state, outcome().outcome) == ("confirming", "applied")


@pytest.mark.parametrize("told", [of_account("INV2"), of_account("INV1", "4999.00"), {}])
def test_other_money_to_an_account_is_of_no_payment(
    alice: User,
    told: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    row = sent(alice, "daraja", reference="INV1")
    process(came(ACCOUNT, told))
    row.refresh_from_db()
    assert (row.state, outcome().outcome) == ("created", "unmatched")
    assert outcome().processed_at is None  # its payment may be known by an id in a moment
    ReceiptOutcome.objects.update(due_at=clock.now() - timedelta(seconds=1))
    monkeypatch.setattr(processing, "MATCHED_WITHIN", timedelta())
    Sweeper(at_once=True).step()
    assert outcome().processed_at is not None  # it is for staff
    number = PaymentReceipt.objects.get().pk
    assert caplog.messages == [f"callback {number} of daraja is about no payment"]
    assert readings.PAYING.read()["payment_callbacks_unmatched"]["daraja"] == 1
    assert next(readings.no_payment()).startswith("1 callback is about no payment of ours")
    ReceiptOutcome.objects.update(processed_at=clock.now() - timedelta(days=31))
    assert set(readings.PAYING.read()["payment_callbacks_unmatched"].values()) == {0}
    assert list(readings.no_payment()) == []


def test_a_callback_before_the_answer_to_our_request_waits_for_its_id(alice: User) -> None:
    row = sent(alice, "daraja")
    callback = {"MerchantRequestID": "m", "CheckoutRequestID": "ws_CO_1", "ResultCode": 1032}
    path = ACCOUNT.replace("/account/", "/payment/")
    process(came(path, {"Body": {"stkCallback": callback}}))
    assert outcome().outcome == "unmatched"
    ProviderPayment.objects.filter(pk=row.pk).update(provider_request_id="ws_CO_1")
    ReceiptOutcome.objects.update(due_at=clock.now() - timedelta(seconds=1))
    assert Sweeper(at_once=True).step() == 1
    row.refresh_from_db()
    assert (row.state, outcome().outcome) == ("confirming", "applied")


def test_of_two_payments_with_one_name_none_is_chosen(alice: User) -> None:
    rows = [sent(alice, "daraja", reference="INV1") for _ in range(2)]
    process(came(ACCOUNT, of_account("INV1")))
    assert outcome().outcome == "unmatched"
    for row in rows:
        row.refresh_from_db()
        assert row.state == "created"


def test_money_to_an_account_is_known_by_its_receipt_where_more_than_one_could_be(
    alice: User,
) -> None:
    """M-Pesa tells of our own prompts twice: by their URL, and as money to the account."""
    row, _ = (sent(alice, "daraja", reference="INV1") for _ in range(2))
    ProviderPayment.objects.filter(pk=row.pk).update(
        state="succeeded", provider_txn_id="RKTQDM7W6S", next_check_at=None
    )
    process(came(ACCOUNT, of_account("INV1")))
    assert (PaymentReceipt.objects.get().payment_id, outcome().outcome) == (row.pk, "duplicate")


@pytest.mark.parametrize("is_named", [True, False])
def test_a_payment_that_succeeded_without_a_receipt_gets_that_of_its_own_phone(
    alice: User, is_named: bool
) -> None:
    """As the answer to a question about a push has none. A hash may be anybody's phone."""
    row = sent(alice, "daraja", reference="INV1")
    evidence_apply(row.pk, Evidence(claim=Claim.PAID, source=Source.QUERY))
    payer = {"MSISDN": row.msisdn.lstrip("+")} if is_named else {}
    process(came(ACCOUNT, of_account("INV1") | payer))
    row.refresh_from_db()
    assert row.state == "succeeded"
    assert row.provider_txn_id == ("RKTQDM7W6S" if is_named else "")
    assert outcome().outcome == ("applied" if is_named else "unmatched")


def test_money_without_an_account_is_of_no_payment(alice: User) -> None:
    row = sent(alice, "daraja")
    ProviderPayment.objects.filter(pk=row.pk).update(reference="")
    process(came(ACCOUNT, of_account("")))
    assert outcome().outcome == "unmatched"


@pytest.mark.parametrize("is_named", [True, False])
def test_the_account_of_prompts_without_a_reference_tells_only_of_a_phone_that_is_named(
    alice: User, is_named: bool
) -> None:
    """Somebody else's bill has it as well, once their own prompt has ended."""
    row = sent(alice, "daraja")
    payer = {"MSISDN": row.msisdn.lstrip("+")} if is_named else {}
    process(came(ACCOUNT, of_account(row.reference) | payer))
    row.refresh_from_db()
    assert row.state == ("confirming" if is_named else "created")
