"""Push subscriptions: registered at each start, one owner, replaced with their device."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.addresses import push
from notifications.addresses.errors import PushOff
from notifications.addresses.selectors import addresses_list
from notifications.channels.push.vapid import Key, new_private_key
from notifications.hooks import tokens
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


@pytest.mark.reported(number=14)
def test_a_rotated_endpoint_replaces_the_one_its_device_had(alice, outside):
    """The browser has changed it while no window was open."""
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


def renew(token: str, endpoint: str) -> Address:
    return push.push_renew(token=token, endpoint=endpoint, keys=KEYS, key_id=Key(PRIVATE_KEY).id)


@pytest.mark.parametrize("device", ["phone", ""])
def test_a_worker_renews_without_a_login_what_its_browser_has_changed(alice, outside, device: str):
    """#14: also with no window open."""
    old, _ = subscribe(alice, device=device, locale="lg")
    other, _ = subscribe(alice, f"{ENDPOINT}-other", device="laptop")
    waiting = queue(alice, old)
    row = renew(push.renewal_of(old), f"{ENDPOINT}-2")
    assert (row.user_id, row.device, row.locale, row.state) == (alice.pk, device, "lg", "verified")
    assert endpoints(alice) == {f"{ENDPOINT}-2", other.value}
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "replaced")
    again = renew(push.renewal_of(row), f"{ENDPOINT}-3")
    assert endpoints(alice) == {again.value, other.value}


def test_a_renewal_that_was_not_heard_is_repeated_and_its_token_does_nothing_else(alice, outside):
    old, _ = subscribe(alice, device="phone")
    token = push.renewal_of(old)
    row = renew(token, f"{ENDPOINT}-2")
    assert renew(token, f"{ENDPOINT}-2").pk == row.pk
    with pytest.raises(InvalidInput, match="void"):
        renew(token, f"{ENDPOINT}-3")
    push.push_leave(token=token)
    assert endpoints(alice) == {f"{ENDPOINT}-2"}


def test_a_renewal_with_the_same_endpoint_takes_its_new_keys(alice, outside):
    old, _ = subscribe(alice)
    row = renew(push.renewal_of(old), ENDPOINT)
    assert (row.pk, endpoints(alice)) == (old.pk, {ENDPOINT})


def test_a_token_is_void_after_the_logout_and_once_another_user_has_the_browser(
    alice, bob, outside
):
    mine, _ = subscribe(alice)
    token = push.renewal_of(mine)
    subscribe(bob)
    push.push_leave(token=token)
    with pytest.raises(InvalidInput, match="void"):
        renew(token, f"{ENDPOINT}-2")
    assert endpoints(bob) == {ENDPOINT}
    theirs = addresses_list(bob.pk).get()
    token = push.renewal_of(theirs)
    for _ in range(2):
        push.push_leave(token=token)
    assert endpoints(bob) == set()
    with pytest.raises(InvalidInput, match="void"):
        renew(token, f"{ENDPOINT}-2")


def test_a_token_that_is_none_of_ours_does_nothing(alice, outside):
    row, _ = subscribe(alice)
    token = push.renewal_of(row)
    forged = [f"{token}x", token.replace(str(row.pk), str(row.pk + 1), 1), "", "1-a:b"]
    gone = tokens.renewal_token(10**9, row.hash)
    for each in (*forged, tokens.receipt_token(row.pk)):
        with pytest.raises(InvalidInput):
            push.push_leave(token=each)
    push.push_leave(token=gone)
    for each in (*forged, gone):
        with pytest.raises(InvalidInput):
            renew(each, f"{ENDPOINT}-2")
    assert endpoints(alice) == {ENDPOINT}


def test_a_renewal_is_refused_like_a_subscription_that_is_none(alice, outside, settings):
    settings.DEBUG = False
    row, _ = subscribe(alice)
    with pytest.raises(InvalidInput) as refused:
        renew(push.renewal_of(row), "https://10.0.0.1/push")
    assert list(refused.value.errors) == ["endpoint"]
    assert endpoints(alice) == {ENDPOINT}
    assert push.renewal_of(Address(service="fcm")) == ""
