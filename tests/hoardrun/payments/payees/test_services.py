"""Payees are saved with what their provider says of the name, and bounded."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User

from hoardrun.payments.payees import services
from hoardrun.payments.payees.errors import NameNotConfirmed, TooManyPayees
from hoardrun.payments.payees.models import Payee
from hoardrun.payments.payees.selectors import whose_phone
from hoardrun.payments.payees.services import Saved, payee_add, payee_confirm, payee_remove
from realtime import clock
from realtime.errors import InvalidInput
from tests.hoardrun.ledger.conftest import published
from tests.hoardrun.payments.payees.conftest import Mtn
from tests.hoardrun.payments.tiers.test_selectors import give

PHONE = "+256772123456"


def add(user: User, **more: str) -> Saved:
    fields = {"provider": "mtn", "currency": "UGX", "msisdn": PHONE, "name": "Amina Nakato"}
    return payee_add(user_id=user.pk, **{**fields, **more})


def confirm(payee: Payee, shown: str = "Amina N. S.") -> Payee:
    return payee_confirm(user_id=payee.user_id, payee_id=payee.pk, shown_name=shown)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("Nakato Amina", "same"), ("Amina Otieno", "similar"), ("John Otieno", "other")],
)
def test_the_verdict_is_kept_and_not_the_name(alice: User, mtn: Mtn, name: str, verdict: str):
    saved = add(alice, name=name, msisdn="+256 772 123 456")
    assert (saved.created, saved.shown) == (True, "Amina N. S.")
    row = Payee.objects.get()
    assert (row.msisdn, row.name, row.verdict) == (PHONE, name, verdict)
    assert (row.confirmed_at is not None) == (verdict == "same")
    assert row.confirmed_name == ("Amina N. S." if verdict == "same" else "")
    assert "Sserwadda" not in str(Payee.objects.values().get())


def test_a_name_that_is_not_told_is_unknown(alice: User, mtn: Mtn):
    mtn.names.clear()
    assert (add(alice).payee.verdict, add(alice).shown) == ("unknown", "")
    assert Payee.objects.count() == 1


def test_one_that_waits_to_be_confirmed_is_checked_anew(alice: User, mtn: Mtn):
    """On another device, or after a typing error: the name is shown again, and compared."""
    first = add(alice, name="Jane Doe")
    again = add(alice, name="Jane Doe")
    assert (again.created, again.payee.pk, again.shown) == (False, first.payee.pk, "Amina N. S.")
    assert again.payee.confirmed_at is None
    right = add(alice, name="Amina Nakato").payee
    assert (right.pk, right.name, right.verdict) == (first.payee.pk, "Amina Nakato", "same")
    assert right.confirmed_at is not None


def test_a_payee_is_saved_once_and_stays_as_it_is(alice: User, bob: User, mtn: Mtn):
    first = add(alice)
    again = add(alice, name="Another Name")
    assert (again.created, again.payee.pk, again.payee.name) == (
        False,
        first.payee.pk,
        "Amina Nakato",
    )
    assert add(bob).created


@pytest.mark.parametrize("shown", ["", "Jane D.", "Amina N"])
def test_no_payee_is_confirmed_unseen(alice: User, mtn: Mtn, shown: str):
    payee = add(alice, name="Jane Doe").payee
    with pytest.raises(NameNotConfirmed) as refused:
        confirm(payee, shown)
    assert refused.value.extra == {"verdict": "other", "shown_name": "Amina N. S."}
    assert Payee.objects.get().confirmed_at is None


def test_who_has_the_number_now_is_confirmed(alice: User, mtn: Mtn):
    payee = add(alice, name="Jane Doe").payee
    mtn.names = {"256772123456": ("Jane", "Akello")}
    with pytest.raises(NameNotConfirmed) as refused:
        confirm(payee)
    assert refused.value.extra == {"verdict": "similar", "shown_name": "Jane A."}
    confirm(payee, "Jane A.")
    row = Payee.objects.get()
    assert (row.verdict, row.confirmed_name) == ("similar", "Jane A.")
    assert row.confirmed_at == row.checked_at > payee.checked_at
    calls = mtn.checks()
    confirm(payee, "anything")  # it is done: nobody is asked, and nothing changes
    assert (mtn.checks(), Payee.objects.get().confirmed_name) == (calls, "Jane A.")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"provider": "daraja"}, "provider"),
        ({"provider": "nobody"}, "provider"),
        ({"currency": "KES"}, "provider"),
        ({"msisdn": "0772123456"}, "msisdn"),
        ({"msisdn": "+25677212345"}, "msisdn"),
        ({"msisdn": "nobody"}, "msisdn"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\0"}, "name"),
    ],
)
def test_what_is_wrong_is_refused_before_a_call(
    alice: User, mtn: Mtn, wrong: dict[str, str], field: str
):
    with pytest.raises(InvalidInput) as error:
        add(alice, **wrong)
    assert set(error.value.errors) == {field}
    assert (mtn.asked, Payee.objects.count()) == ([], 0)


def test_there_is_a_bound(alice: User, bob: User, mtn: Mtn):
    now = clock.now()
    Payee.objects.bulk_create(
        Payee(
            user=alice,
            provider="mtn",
            currency="UGX",
            msisdn=f"+2567721{number:05}",
            name="x",
            verdict="other",
            checked_at=now,
        )
        for number in range(services.MAX_PAYEES)
    )
    with pytest.raises(TooManyPayees):
        add(alice)
    assert mtn.asked == []
    assert add(bob).created


def test_whose_a_phone_is(alice: User, bob: User, mtn: Mtn):
    def whose(user: User) -> str:
        return whose_phone(user_id=user.pk, provider="mtn", msisdn=PHONE).whose

    assert whose(alice) == "third_party"
    payee = add(alice, name="Jane Doe").payee
    assert whose(alice) == "third_party"
    confirm(payee)
    assert whose(alice) == "payee"
    elsewhere = whose_phone(user_id=alice.pk, provider="airtel", msisdn=PHONE)
    assert elsewhere == ("third_party", None)
    assert whose(bob) == "third_party"
    give(bob, PHONE, "verified")
    assert whose(bob) == "own"
    payee_remove(user_id=alice.pk, payee_id=payee.pk)
    assert whose(alice) == "third_party"


def test_all_devices_are_told_and_only_of_changes(alice: User, mtn: Mtn):
    row = add(alice, name="Jane Doe").payee
    confirm(row)
    confirm(row)
    payee_remove(user_id=alice.pk, payee_id=row.pk)
    told = [json.loads(payload)["data"] for payload in published(alice, "payee_changed")]
    assert [each["id"] for each in told] == [str(row.pk)] * 3
    saved, confirmed, removed = [each["payee"] for each in told]
    assert (saved["verdict"], saved["confirmed_at"], removed) == ("other", None, None)
    when = {name: confirmed[name] for name in ("confirmed_at", "checked_at")}
    assert confirmed == {**saved, **when}
    assert confirmed["confirmed_at"].endswith("Z")
