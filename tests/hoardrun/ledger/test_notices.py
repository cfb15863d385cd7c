"""What users are told of their transactions, in their language."""

from __future__ import annotations

import pytest

from hoardrun.ledger.models import Account
from notifications.models import Notification, Preference
from realtime import clock
from tests.hoardrun.ledger.conftest import complete, create, move


def told() -> Notification:
    return Notification.objects.latest("id")


@pytest.mark.parametrize(
    ("locale", "title", "message"),
    [
        ("", "Money sent", "You paid KES\u00a0200.50 to Acme."),
        ("sw-KE", "Pesa zimetumwa", "Umelipa Ksh\u00a0200.50 kwa Acme."),
        ("fr", "Paiement effectué", "Vous avez payé 200,50\u00a0KES à Acme."),
        ("lg-UG", "Ensimbi ziweerezeddwa", "Osasudde 200.50\u00a0KES eri Acme."),
    ],
)
def test_it_is_written_in_the_language_of_the_owner(
    kes: Account, locale: str, title: str, message: str
):
    Preference.objects.create(user_id=kes.user_id, locale=locale, updated_at=clock.now())
    complete(create(kes, "200.50", merchant_name="Acme"))
    assert (told().title, told().message) == (title, message)


def test_its_kind_and_values_say_what_happened(kes: Account):
    paid = complete(create(kes, "200.50", merchant_name="Acme", reference="R-1"))
    assert told().kind == "transaction.debit"
    context = told().context
    assert context is not None
    assert context["amount"] == {"amount": "200.50", "currency": "KES"}
    assert context["balance"] == {"amount": "799.50", "currency": "KES"}
    assert (context["party"], context["reference"]) == ("Acme", "R-1")
    assert told().metadata == {"transaction_id": str(paid.pk)}
    complete(create(kes, "5", "inbound"))
    credit = told()
    assert credit.kind == "transaction.credit"
    assert credit.context is not None and credit.context["party"] is None
    move(create(kes, "5", "inbound"), "failed", reason="no such number")
    assert told().kind == "transaction.failed"
    assert told().message == "The deposit of KES\u00a05.00 failed: no such number"


def test_a_reversal_makes_the_notice_of_the_payment_void(kes: Account):
    paid = create(kes, "200.50")
    complete(paid)
    payment = told()
    move(paid, "reversed", reason="returned")
    assert told().kind == "transaction.reversed"
    assert told().supersedes_id == payment.pk
    assert told().priority == "high"
