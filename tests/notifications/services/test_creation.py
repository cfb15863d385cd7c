"""A notification is created once for each key, of a kind that is declared."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from notifications import services
from notifications.kinds.own import OWN
from notifications.models import Notification, Preference
from notifications.services.creation import IdempotencyConflict
from notifications.validation import NotificationTrigger
from realtime.errors import InvalidInput
from tests.notifications.proofs import GENERAL, PAID, Paid, declared
from tests.notifications.support import HOUR, note, told
from tests.services.locks import threads, wait_for_a_waiter
from tests.tables import each

[CLOSED] = (kind for kind in OWN if kind.name == "account.closed")


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    with declared(PAID, GENERAL, CLOSED):
        yield


@pytest.mark.parametrize("context", [{"amount": Decimal("12.50")}, Paid(amount=Decimal("12.50"))])
def test_a_kind_sets_what_the_sender_leaves_out(alice, context: Any):
    row = note(alice, kind=PAID.name, context=context, actor="service:cards")
    row.refresh_from_db()
    assert (row.type, row.priority, row.actor) == ("payment", "high", "service:cards")
    assert row.context == {"amount": "12.50", "payee": ""}
    assert note(alice, kind=PAID.name, context=context, priority="low").priority == "low"


def test_the_event_names_the_kind(alice):
    note(alice, kind=PAID.name, context={"amount": "1"})
    note(alice, type="kyc")
    assert [event["data"]["kind"] for event in told(alice)] == [PAID.name, "kyc.general"]


def test_a_general_kind_takes_title_and_message(alice):
    row = note(alice, kind=GENERAL.name)
    assert (row.kind, row.type, row.context) == (GENERAL.name, "reminder", None)


CONTEXTS: list[Any] = [
    *(None, {}, [], {"amount": "much"}, {"amount": "1", "payer": "x"}),
    *({"amount": "1", "payee": text} for text in ("nul \x00", "x" * 9000)),
]


def test_a_kind_writes_the_texts_in_the_language_of_its_user(alice, bob):
    Preference.objects.create(user=alice, locale="sw-KE", updated_at=timezone.now())
    for user, title in ((alice, "Akaunti imefungwa"), (bob, "Account closed")):
        row = services.notification_create(
            user_id=user.pk, kind="account.closed", context={"account": "0012345678"}, key="k"
        )
        row.refresh_from_db()
        assert row.title == told(user)[0]["data"]["title"] == title
        assert "5678" in row.message
        assert "0012345678" not in row.message


def test_a_repeated_key_finds_the_first_one_in_another_language(alice):
    def close() -> Notification:
        return services.notification_create(
            user_id=alice.pk, kind="account.closed", context={"account": "0012345678"}, key="k"
        )

    first = close()
    Preference.objects.create(user=alice, locale="fr", updated_at=timezone.now())
    assert close() == first


def test_a_general_kind_has_no_texts_of_its_own(alice):
    for fields in (NotificationTrigger(), NotificationTrigger(kind=GENERAL.name)):
        with pytest.raises(InvalidInput, match="must not be empty"):
            services.notification_create(user_id=alice.pk, **fields)


WRONG: dict[str, list[dict[str, Any]]] = {
    "kind": [{"kind": name} for name in ("payment.unheard_of", "Payment", "x" * 51, 7)],
    "type": [{"kind": PAID.name, "context": {"amount": "1"}, "type": "security"}],
    "context": [
        {"context": {"amount": "1"}},
        {"kind": GENERAL.name, "context": {"amount": "1"}},
        *({"kind": PAID.name, "context": context} for context in CONTEXTS),
    ],
    "key": [{"key": key} for key in ("", " ", "x" * 201, "nul \x00")],
    "actor": [{"actor": "x" * 101}],
    "supersedes": [{"supersedes": number} for number in (999_999, "abc", 10**30, 0)],
}


@pytest.mark.parametrize(("field", "fields"), each(WRONG))
def test_it_refuses_and_names_the_field(alice, field: str, fields: dict[str, Any]):
    with pytest.raises(InvalidInput) as refused:
        note(alice, **fields)
    assert refused.value.errors.keys() == {field}
    assert not Notification.objects.exists()


def test_it_does_not_supersede_what_another_user_has(alice, bob):
    theirs = note(bob)
    with pytest.raises(InvalidInput, match="supersedes"):
        note(alice, supersedes=theirs.pk)


def test_a_repeated_key_returns_the_first_one(alice, bob):
    fields: dict[str, Any] = {"kind": PAID.name, "context": {"amount": "1"}, "key": "order 17"}
    first = services.notification_create_once(
        user_id=alice.pk, title="Hello", message="World", actor="service:a", **fields
    )
    for amount in ("1", Decimal("1")):
        again = services.notification_create_once(
            user_id=alice.pk, title=" Hello ", message="World", actor="service:b",
            **fields | {"context": {"amount": amount}},
        )  # fmt: skip
        assert (again.notification, again.is_new) == (first.notification, False)
    assert (first.is_new, again.notification.actor) == (True, "service:a")
    assert note(bob, **fields).pk != first.notification.pk
    assert len(told(alice)) == 1


@pytest.mark.parametrize(
    "other",
    [{"title": "Other"}, {"priority": "low"}, {"metadata": {"a": 1}}, {"expires_at": None}],
)
def test_a_key_means_one_content(alice, other: dict[str, Any]):
    expires_at = timezone.now() + HOUR
    note(alice, key="k", expires_at=expires_at)
    with pytest.raises(IdempotencyConflict, match="'k' was used for another notification"):
        note(alice, **{"key": "k", "expires_at": expires_at, **other})
    assert len(told(alice)) == 1


def test_a_key_is_still_known_when_its_notification_has_expired(alice, wrong_clock):
    expires_at = timezone.now() + HOUR
    first = note(alice, key="k", expires_at=expires_at)
    Notification.objects.filter(pk=first.pk).update(expires_at=timezone.now() - HOUR)
    assert note(alice, key="k", expires_at=expires_at).pk == first.pk


def test_a_refused_call_leaves_its_key_free(alice):
    with pytest.raises(InvalidInput):
        note(alice, key="k", supersedes=999_999)
    assert note(alice, key="k").key == "k"


@pytest.mark.django_db(transaction=True)
def test_two_equal_calls_at_once_create_one(alice: User):
    def create() -> int:
        with transaction.atomic():  # as within a service of money
            return note(alice, key="k").pk

    with threads() as call:
        with transaction.atomic():
            first = note(alice, key="k").pk
            second = call(create)
            wait_for_a_waiter("the second call waits for the key")
        assert second.result() == first
    assert Notification.objects.count() == len(told(alice)) == 1
