"""Push subscriptions: registered at each start, one owner, replaced with their device."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.addresses import push
from notifications.addresses.errors import PushOff
from notifications.addresses.selectors import addresses_list
from notifications.channels.push.vapid import Key, new_private_key
from notifications.models import Address
from realtime.errors import InvalidInput
from tests.notifications.addresses.conftest import PRIVATE_KEY
from tests.notifications.addresses.test_services import queue
from tests.notifications.addresses.test_values import encoded, point

ENDPOINT = "https://updates.push.services.mozilla.com/wpush/v2/gAAAA"
KEYS = {"p256dh": encoded(point()), "auth": encoded(b"s" * 16)}


def subscribe(user: User, endpoint: str = ENDPOINT, **more: Any) -> tuple[Address, bool]:
    given = {"service": "web", "keys": KEYS, "key_id": Key(PRIVATE_KEY).id, **more}
    return push.push_subscribe(user_id=user.pk, endpoint=endpoint, **given)


def endpoints(user: User) -> set[str]:
    return set(addresses_list(user.pk).values_list("value", flat=True))


def test_a_subscription_is_ready_at_once_and_keeps_the_key_it_was_made_with(alice, outside):
    row, is_new = subscribe(alice, device="tab-1", locale="lg")
    assert (row.state, row.service, row.device, is_new) == ("verified", "web", "tab-1", True)
    assert row.keys == {**KEYS, "vapid": push.push_key()["key_id"]}


def test_posted_again_it_is_the_same_one_touched_anew(alice, outside):
    first, _ = subscribe(alice)
    again, is_new = subscribe(alice, device="tab-1")
    assert (again.pk, is_new, again.device) == (first.pk, False, "tab-1")
    assert again.touched_at > first.touched_at


def test_a_rotated_endpoint_replaces_the_one_its_device_had(alice, outside):
    """#14: the browser has changed it while no window was open."""
    old, _ = subscribe(alice, device="phone")
    subscribe(alice, f"{ENDPOINT}-2", device="tablet")
    waiting = queue(alice, old)
    subscribe(alice, f"{ENDPOINT}-3", device="phone")
    assert endpoints(alice) == {f"{ENDPOINT}-2", f"{ENDPOINT}-3"}
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "replaced")
    old.refresh_from_db()
    assert (old.value, old.keys) == ("", None)


def test_one_that_another_user_logs_in_with_leaves_who_had_it(alice, bob, outside):
    old, _ = subscribe(alice)
    waiting = queue(alice, old)
    subscribe(bob)
    assert (endpoints(alice), endpoints(bob)) == (set(), {ENDPOINT})
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "moved")


def test_one_that_was_called_gone_is_registered_anew(alice, outside):
    old, _ = subscribe(alice)
    Address.objects.filter(pk=old.pk).update(state="removed")
    row, is_new = subscribe(alice)
    assert is_new
    assert row.pk != old.pk


def test_the_oldest_makes_room(alice, outside):
    for number in range(push.MAX_SUBSCRIPTIONS + 1):
        subscribe(alice, f"{ENDPOINT}-{number}")
    assert endpoints(alice) == {f"{ENDPOINT}-{n}" for n in range(1, push.MAX_SUBSCRIPTIONS + 1)}


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://10.0.0.1/push", "https://169.254.169.254/latest", "https://[::1]/push",
        "https://localhost/push", "http://updates.push.services.mozilla.com/x", "ftp://x/y",
        "https://push.example.com/x", "https://user@updates.push.services.mozilla.com/x",
        "https://updates.push.services.mozilla.com.evil.example/x", "no url", "",
    ],
)  # fmt: skip
def test_an_endpoint_that_is_no_push_service_is_refused(alice, outside, settings, endpoint: str):
    settings.DEBUG = False
    with pytest.raises(InvalidInput) as refused:
        subscribe(alice, endpoint)
    assert list(refused.value.errors) == ["endpoint"]
    assert not Address.objects.exists()


def test_a_key_that_is_not_ours_is_refused_and_one_of_before_is_not(alice, outside, settings):
    before = new_private_key()
    with pytest.raises(InvalidInput, match="push/key"):
        subscribe(alice, key_id=Key(before).id)
    settings.CHANNELS = {**settings.CHANNELS, "VAPID_PREVIOUS_KEYS": (before,)}
    row, _ = subscribe(alice, key_id=Key(before).id)
    assert row.keys is not None
    assert row.keys["vapid"] == Key(before).id


def test_apps_register_tokens(alice, outside):
    row, _ = subscribe(alice, "dQw4w9:APA91b", service="fcm", keys=None, key_id="")
    assert (row.service, row.keys) == ("fcm", None)
    with pytest.raises(InvalidInput):
        subscribe(alice, "two words", service="apns")
    with pytest.raises(InvalidInput):
        subscribe(alice, "token", service="windows")


def test_without_a_key_there_is_no_web_push(alice, settings):
    settings.CHANNELS = {}
    with pytest.raises(PushOff):
        push.push_key()
    with pytest.raises(PushOff):
        subscribe(alice)


def test_a_logout_takes_it_away_and_only_the_own_one(alice, bob, outside):
    row, _ = subscribe(alice)
    push.push_unsubscribe(user_id=bob.pk, address_id=row.pk)
    assert endpoints(alice) == {ENDPOINT}
    for address_id in (row.pk, row.pk, "none", 10**30):
        push.push_unsubscribe(user_id=alice.pk, address_id=address_id)
    assert endpoints(alice) == set()
