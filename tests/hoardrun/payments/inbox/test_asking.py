"""A provider asks before a payment to our account: what nobody could place is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun.payments import callback_urls
from hoardrun.payments.models import PaymentReceipt, ProviderPayment
from tests.hoardrun.payments.calling.support import set_up
from tests.hoardrun.payments.inbox.support import call, of_account, sent

PATH = f"/hooks/payments/{callback_urls.code_of('daraja')}/validation/{'a' * 32}"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _settings(settings) -> None:
    settings.PAYMENTS = set_up("https://provider.example")


def asked(body: object, path: str = PATH) -> Any:
    """Return the code of the answer."""
    answer = call(path, body)
    assert answer.status_code == 200
    return answer.json()["ResultCode"]


def test_a_payment_that_we_wait_for_may_be_made_and_nothing_is_stored(alice: User) -> None:
    row = sent(alice, "daraja", reference="INV1")
    assert asked(of_account("INV1")) == 0
    assert asked(of_account("INV1"), PATH.replace("a" * 32, "b" * 32)) == 0  # a newer token
    sent(alice, "daraja", reference="INV1")  # M-Pesa asks about our own prompts as well
    assert asked(of_account("INV1")) == 0
    row.refresh_from_db()
    assert row.state == "created" and not PaymentReceipt.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (of_account("INV2"), "C2B00012"),
        (of_account(""), "C2B00012"),
        (of_account("INV1", "4999.00"), "C2B00013"),
        (of_account("INV1", "5000.50"), "C2B00013"),
        (of_account("INV1") | {"BusinessShortCode": "174379"}, "C2B00015"),
        (of_account("INV1") | {"TransAmount": "many"}, "C2B00016"),
        ({}, "C2B00016"),
        (b"[" * 5000, "C2B00016"),
    ],
)
def test_what_nobody_could_place_is_refused_by_what_is_wrong(
    alice: User, body: object, code: str
) -> None:
    sent(alice, "daraja", reference="INV1")
    assert asked(body) == code


def test_at_a_till_nobody_writes_an_account(alice: User, settings) -> None:
    settings.PAYMENTS = set_up("https://provider.example", DARAJA_TILL="510222")
    sent(alice, "daraja", reference="INV1")
    at_till = of_account("") | {"BusinessShortCode": "510222"}
    assert asked(at_till) == 0
    assert asked(at_till | {"TransAmount": "4999.00"}) == "C2B00013"
    assert asked(at_till | {"BillRefNumber": "INV2"}) == "C2B00012"


def test_a_payment_that_has_ended_is_not_paid_again(alice: User) -> None:
    row = sent(alice, "daraja", reference="INV1")
    ended = ProviderPayment.objects.filter(pk=row.pk)
    for receipt in ("R1", ""):
        ended.update(state="succeeded", provider_txn_id=receipt)
        assert asked(of_account("INV1")) == "C2B00012"


def test_strangers_and_providers_that_do_not_ask_get_404(alice: User) -> None:
    row = sent(alice, "daraja")
    for path in (
        PATH[:-1] + "c",
        PATH.replace("a" * 32, callback_urls.token_of(row.pk)),
        PATH.replace(callback_urls.code_of("daraja"), "00000000"),
        PATH.replace(callback_urls.code_of("daraja"), callback_urls.code_of("airtel")).replace(
            "a" * 32, "c" * 32
        ),
    ):
        assert call(path, of_account("INV1")).status_code == 404, path
    assert call(PATH, b"", method="get").status_code == 405
