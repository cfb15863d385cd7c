"""Logins end while their users are published to: neither waits for the other in a circle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from hoardrun.api import tokens
from hoardrun.forgetting import forget, shut_out
from notifications.models import Notification
from notifications.services import notification_create
from realtime.access import changes
from realtime.models import EndedSession, IssuedToken
from realtime.protocol.published import AccessChanged
from realtime.publish import publish
from realtime.retry import one_transaction
from realtime.streams import user_stream
from tests.clients import browser_as
from tests.services.locks import threads, wait_for_a_waiter

pytestmark = pytest.mark.django_db(transaction=True)


def log_out(user: User, refresh: str) -> None:
    tokens.login_end(refresh=refresh)


def use_again(user: User, refresh: str) -> None:
    """Use a refresh token after its grace, which ends its login."""
    tokens._refreshed(*tokens._read(refresh), "")


def log_out_everywhere(user: User, refresh: str) -> None:
    changes.end_all_sessions(user.pk)


def log_out_the_others(user: User, refresh: str) -> None:
    changes.end_other_sessions(user.pk, "another")


def close_for_good(user: User, refresh: str) -> None:
    shut_out(user.pk)


ENDS = [log_out, use_again, log_out_everywhere, log_out_the_others, close_for_good]


@pytest.fixture
def refresh(alice: User) -> str:
    text = tokens.login_create(user=alice).refresh
    tokens.login_refresh(refresh=text)
    long_ago = timezone.now() - timedelta(minutes=5)
    IssuedToken.objects.exclude(used_at=None).update(used_at=long_ago)
    return text


def once(work: Callable[..., object], *args: Any) -> None:
    """Call something once: within a transaction of the caller's, nothing is repeated."""
    with transaction.atomic():
        work(*args)


def notify(user: User) -> None:
    notification_create(user_id=user.pk, title="Hello", message="World")


@pytest.mark.parametrize("end", ENDS)
def test_a_login_ends_while_a_publisher_holds_the_stream(
    alice: User, refresh: str, end: Callable[..., None]
):
    with threads() as call:
        with transaction.atomic():
            publish(user_stream(alice.pk), AccessChanged(change="rights"))
            ending = call(once, end, alice, refresh)
            wait_for_a_waiter("the end of a login waits for the stream")
            notify(alice)
        ending.result()
    assert Notification.objects.count() == 1
    assert end is close_for_good or EndedSession.objects.count() == 1


@pytest.mark.parametrize("end", ENDS)
def test_a_publisher_comes_while_a_login_ends(alice: User, refresh: str, end: Callable[..., None]):
    with threads() as call:
        with transaction.atomic():
            end(alice, refresh)
            publishing = call(once, notify, alice)
            wait_for_a_waiter("a publisher waits for the stream")
        publishing.result()
    assert Notification.objects.count() == 1


def rename_in_the_admin(user: User) -> None:
    browser = browser_as(User.objects.get(username="charlie"))
    form = {"username": f"forgotten-{user.pk}", "date_joined_0": "2026-01-01"}
    answer = browser.post(
        f"/admin/auth/user/{user.pk}/change/", form | {"date_joined_1": "00:00:00"}
    )
    assert answer.status_code == 302


@pytest.mark.parametrize("change", [lambda user: forget(user.pk), rename_in_the_admin])
def test_a_name_changes_while_a_publisher_holds_the_stream(
    alice: User, charlie: User, change: Callable[[User], object]
):
    """No row that refers to a user may see that: one of the two begins anew."""
    began: list[Any] = []
    with threads() as call:

        @one_transaction
        def publish_both() -> None:
            publish(user_stream(alice.pk), AccessChanged(change="rights"))
            if not began:
                began.append(call(change, alice))
                wait_for_a_waiter("the other waits for the stream")
            notify(alice)

        publish_both()
        began[0].result()
    assert User.objects.get(pk=alice.pk).username == f"forgotten-{alice.pk}"
