"""The door for callbacks: stored first, answered at once, and closed to strangers."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest
from django.contrib.auth.models import User

from hoardrun.payments import callback_urls
from hoardrun.payments.calling import claims
from hoardrun.payments.models import PaymentReceipt, ProviderPayment, ReceiptOutcome
from realtime import clock
from tests.hoardrun.payments.calling.support import now_due, set_up
from tests.hoardrun.payments.inbox.support import call, of_account, of_mtn, path_of, sent

URL = "https://provider.example"


@pytest.fixture(autouse=True)
def _settings(settings) -> None:
    settings.PAYMENTS = set_up(URL, MTN_ADDRESSES=("127.0.0.0/8",))


@pytest.mark.django_db
def test_a_callback_is_stored_as_it_came(alice: User) -> None:
    row = sent(alice)
    raw = b'{"status": "SUCCESSFUL", "amount": "5000.00", "externalId": "' + str(row.pk).encode()
    raw += b'", "note": "\\u00e9"}'
    answer = call(path_of(row), raw, Authorization="Basic s3cret")
    assert (answer.status_code, answer.content) == (200, b"{}")
    receipt = PaymentReceipt.objects.get()
    assert (receipt.payment_id, receipt.provider, receipt.purpose) == (row.pk, "mtn", "payment")
    assert (receipt.method, bytes(receipt.raw)) == ("POST", raw)
    assert receipt.sha256 == sha256(raw).hexdigest()
    assert (receipt.verdict, receipt.reference) == ("unproven", str(row.pk))
    assert (receipt.address, receipt.address_known) == ("127.0.0.1", True)
    assert receipt.headers == {"content-type": "application/json"}
    row.refresh_from_db()
    assert row.state == "created"  # what follows is found out after the answer


@pytest.mark.django_db
def test_the_same_callback_is_stored_once_and_answered_each_time(alice: User) -> None:
    row = sent(alice)
    for method in ("post", "put", "post"):
        assert call(path_of(row), of_mtn(row), method=method).status_code == 200
    assert call(path_of(row), of_mtn(row, "FAILED")).status_code == 200
    assert PaymentReceipt.objects.count() == 2


@pytest.mark.django_db
def test_a_wrong_path_is_not_there_and_nothing_is_stored(alice: User) -> None:
    row, other = sent(alice), sent(alice, "daraja")
    right, token = path_of(row), callback_urls.token_of(row.pk)
    code = callback_urls.code_of("mtn")
    for path in (
        right[:-1] + ("a" if right[-1] != "a" else "b"),
        right[:-20],
        right.replace(code, "00000000"),
        right.replace(code, callback_urls.code_of("daraja")),
        right.replace("/payment/", "/question/"),
        right.replace("/payment/", "/other/"),
        right.replace("/payment/", "/account/"),
        right.replace(token, other.pk.hex + token[32:]),
        right.replace(token, "x" * 75),
        right.replace(token, "é" * 40),
    ):
        assert call(path, of_mtn(row)).status_code == 404, path
    assert call(right, b"", method="get").status_code == 405
    assert not PaymentReceipt.objects.exists()


@pytest.mark.django_db
def test_a_token_opens_nothing_before_its_request_and_a_week_after_it(alice: User) -> None:
    row = sent(alice)
    ProviderPayment.objects.filter(pk=row.pk).update(
        sent_at=clock.now() - callback_urls.LIFE - timedelta(seconds=1)
    )
    assert call(path_of(row), of_mtn(row)).status_code == 404
    ProviderPayment.objects.filter(pk=row.pk).update(sent_at=None)
    assert call(path_of(row), of_mtn(row)).status_code == 404


@pytest.mark.django_db
def test_strangers_are_counted_and_providers_by_their_path(alice: User, rate) -> None:
    rate("stranger", "2/min")
    rate("webhook", "3/min")
    row = sent(alice)
    for number in range(3):
        assert call(path_of(row), of_mtn(row, note=number)).status_code == 200
    assert call(path_of(row), of_mtn(row)).status_code == 429
    wrong = path_of(row).replace(callback_urls.token_of(row.pk), "0" * 75)
    assert [call(wrong, {}).status_code for _ in range(3)] == [404, 404, 429]


@pytest.mark.django_db
def test_the_answer_to_a_question_comes_by_the_newest_questions_path_alone(alice: User) -> None:
    row = sent(alice, "daraja", "payout")
    urls = []
    for _ in range(2):
        now_due(row)
        urls.append(claims.claim("daraja", 1)[0].order.question_url)
    old, new = (url.removeprefix("https://bank.example") for url in urls)
    body = {"Result": {"ResultCode": 0}}
    assert call(old, body).status_code == 404
    answer = call(new, body)
    assert (answer.status_code, answer.json()["ResultCode"]) == (200, 0)
    assert PaymentReceipt.objects.get().purpose == "question"


@pytest.mark.django_db
def test_a_wrong_hash_is_stored_and_refused_and_a_right_one_is_genuine(alice: User) -> None:
    row = sent(alice, "airtel")
    body = {"transaction": {"id": str(row.pk), "status_code": "TS", "airtel_money_id": "M1"}}
    raw = json.dumps(body).encode()
    assert call(path_of(row), raw, hash="wrong").status_code == 403
    right = b64encode(hmac.new(b"h4sh", raw, sha256).digest()).decode()
    assert call(path_of(row), raw, hash=right).status_code == 200
    verdicts = PaymentReceipt.objects.order_by("pk").values_list("verdict", flat=True)
    assert list(verdicts) == ["forged", "genuine"]


@pytest.mark.django_db
def test_whatever_comes_by_a_right_path_is_kept(alice: User) -> None:
    row = sent(alice)
    bodies = [
        b"",
        b"{",
        b"\x00\xff",
        b'{"amount": NaN}',
        b'{"a":1,"a":2}',
        b"[" * 5000,
        b"x" * 60_000,
    ]
    for body in bodies:
        assert call(path_of(row), body).status_code == 200
    assert [bytes(each.raw) for each in PaymentReceipt.objects.order_by("pk")] == bodies


@pytest.mark.django_db
def test_payments_to_an_account_come_by_a_token_of_the_settings(alice: User) -> None:
    code = callback_urls.code_of("daraja")
    for token in ("a" * 32, "b" * 32):  # one replaces the other
        path = f"/hooks/payments/{code}/account/{token}"
        assert call(path, of_account("INV1", receipt=f"R{token}")).status_code == 200
        assert call(path, of_account("INV1", receipt=f"R{token}")).status_code == 200
    found = PaymentReceipt.objects.order_by("pk").values_list("payment", "reference")
    assert list(found) == [(None, "INV1"), (None, "INV1")]
    assert call(f"/hooks/payments/{code}/account/{'c' * 32}", {}).status_code == 404


@pytest.mark.django_db
def test_a_provider_with_one_url_for_all_payments_names_them_in_its_callbacks(alice: User) -> None:
    row, other = sent(alice, "airtel"), sent(alice, "mtn")
    path = f"/hooks/payments/{callback_urls.code_of('airtel')}/payment/{'c' * 32}"
    for named in (row, other):
        body = {"transaction": {"id": str(named.pk), "status_code": "TS", "airtel_money_id": "M1"}}
        assert call(path, body).status_code == 200
    assert call(path.replace("/payment/", "/question/"), {}).status_code == 404
    found = PaymentReceipt.objects.order_by("pk").values_list("payment", "reference")
    assert list(found) == [(row.pk, str(row.pk)), (None, str(other.pk))]


@pytest.mark.django_db(transaction=True)
def test_a_callback_is_read_right_after_it_was_answered(alice: User) -> None:
    row = sent(alice)
    assert call(path_of(row), of_mtn(row)).status_code == 200
    deadline = time.monotonic() + 20
    while not ReceiptOutcome.objects.filter(processed_at__isnull=False).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    row.refresh_from_db()
    assert row.state == "confirming" and row.next_check_at is not None
    assert row.next_check_at <= clock.now()
