"""A test message goes to the browser that asks for it, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from hoardrun.demo.providers.http import Told
from hoardrun.demo.providers.push import PushService, Subscription
from notifications.addresses import push
from notifications.models import Address, Delivery
from notifications.preferences.services import preferences_change
from tests.clients import api_as
from tests.hoardrun.tools import problem
from tests.notifications.preferences.test_services import BY


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with PushService() as started:
        yield started


def subscribed(user: User, service: PushService) -> tuple[Address, Subscription]:
    service.clear()
    key = push.push_key()
    made = service.subscribe(key["public_key"])
    row, _ = push.push_subscribe(
        user_id=user.pk, service="web", endpoint=made.endpoint, keys=made.keys, locale="sw-TZ"
    )
    return row, made


def test_it_is_in_the_language_of_the_browser_or_the_chosen_one(alice, outside, service):
    row, made = subscribed(alice, service)
    subscribed(alice, service)
    address = f"/api/v1/push/subscriptions/{row.pk}/test"
    assert api_as(alice).post(address).status_code == 204
    preferences_change(user_id=alice.pk, changes={"locale": "fr"}, by=BY)
    assert api_as(alice).post(address).status_code == 204
    first, second = (each["shown"]["notification"] for each in service.ledger)
    assert {each["endpoint"] for each in service.ledger} == {made.endpoint}
    assert (first["lang"], second["lang"]) == ("sw", "fr")
    assert first["body"] == "Arifa zinafika kwenye kifaa hiki."
    assert (first["tag"], first["data"]["receipt"]) == ("test", "")
    assert not Delivery.objects.exists()


def test_a_push_service_that_does_not_take_it_is_an_error(alice, outside, service):
    row, _ = subscribed(alice, service)
    service.then(Told(403))
    answer = api_as(alice).post(f"/api/v1/push/subscriptions/{row.pk}/test")
    problem(answer, 503, "push_not_sent")


def test_an_address_of_somebody_else_or_of_another_channel_is_none(alice, bob, outside, service):
    row, _ = subscribed(alice, service)
    phone = Address.objects.create(
        user=bob, channel="sms", value="+256772123456", hash="h",
        created_at=row.created_at, touched_at=row.touched_at,
    )  # fmt: skip
    for each in (row.pk, phone.pk, "none"):
        answer = api_as(bob).post(f"/api/v1/push/subscriptions/{each}/test")
        problem(answer, 404, "address_not_found")
    assert service.ledger == []
