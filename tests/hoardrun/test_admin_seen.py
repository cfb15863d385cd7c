"""Staff finds the users who are online, and sees when the others were last there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from realtime import clock, registry
from realtime.models import Connection, Departure, Node
from tests.clients import browser_as, count_queries, staff_with

USERS = "/admin/auth/user/"


def node(*, seconds_ago: float = -3600) -> Node:
    """Make a node that lives until the test is over, or last reported some seconds ago."""
    now = clock.now()
    seen_at = now - timedelta(seconds=seconds_ago)
    return Node.objects.create(
        pk=f"n{seconds_ago}", host="h", pid=1, started_at=now, seen_at=seen_at
    )


def connect(user: User, at: Node, number: int = 0, **columns: Any) -> None:
    Connection.objects.create(
        pk=f"{at.pk}-{user.pk}-{number}", node=at, user=user, session="s",
        opened_at=clock.now(), **columns,
    )  # fmt: skip


def left(user: User, ago: timedelta) -> Departure:
    at = clock.now() - ago
    row = {"user": user, "code": 1001, "opened_at": at, "closed_at": at}
    return Departure.objects.create(connection_id=f"{user.pk}-{ago}", device="app", **row)


def shown(page: str, user: User) -> dict[str, str]:
    """Return the texts of a user's row by column, with the names of pictures."""
    cells = re.findall(r'<t[dh] class="field-(\w+)[^"]*">(.*?)</t[dh]>', row_of(page, user), re.S)
    return {name: re.sub(r"<img[^>]*alt=\"(\w+)\"[^>]*>|<[^>]+>", r"\1", text)
            for name, text in cells}  # fmt: skip


def row_of(page: str, user: User) -> str:
    return next(row for row in page.split("<tr") if f"{USERS}{user.pk}/change/" in row)


def found(browser: Client, seen: str) -> set[str]:
    page = browser.get(f"{USERS}?seen={seen}").content.decode()
    return set(re.findall(r'class="field-username[^"]*"><a[^>]*>(\w+)<', page))


def test_the_list_says_who_is_online_and_where(support: Client, alice: User, bob: User):
    here = node()
    connect(alice, here, 1, device="app")
    connect(alice, here, 2, device="tab")
    connect(bob, node(seconds_ago=registry.ALIVE_WITHIN.total_seconds() * 2))
    page = support.get(USERS).content.decode()
    row = shown(page, alice)
    assert (row["online"], row["last_seen"], row["devices"]) == ("True", "now", "2")
    assert f'href="/admin/realtime/connection/?q={alice.pk}"' in row_of(page, alice)
    row = shown(page, bob)
    assert (row["online"], row["devices"]) == ("False", "-")  # his node is silent


def test_who_has_left_was_seen_then(support: Client, alice: User, bob: User):
    gone = left(alice, timedelta(hours=3))
    page = support.get(USERS).content.decode()
    assert shown(page, alice)["last_seen"] == f"{timezone.localtime(gone.closed_at):%Y-%m-%d %H:%M}"
    assert shown(page, bob)["last_seen"] == "-"


def test_the_filter_finds_who_is_online_or_was_there_lately(support: Client):
    names = ("online", "hour", "day", "week", "older", "never", "service")
    users = {name: User.objects.create(username=name) for name in names}
    here = node()
    connect(users["online"], here)
    connect(users["service"], here, device="svc-ledger")
    left(users["hour"], timedelta(minutes=20))
    left(users["day"], timedelta(hours=20))
    left(users["week"], timedelta(days=6))
    left(users["older"], timedelta(days=9))
    assert found(support, "now") == {"online"}
    assert found(support, "hour") == {"online", "hour"}
    assert found(support, "day") == {"online", "hour", "day"}
    assert found(support, "week") == {"online", "hour", "day", "week"}
    assert found(support, "other") >= set(names)


def test_more_users_cost_no_more_queries(support: Client, alice: User):
    connect(alice, node())
    few = count_queries(support, USERS)
    for number in range(10):
        left(User.objects.create(username=f"user{number}"), timedelta(hours=1))
    assert count_queries(support, USERS) == few


@pytest.mark.parametrize("query", ["", "?seen=now"])
def test_staff_without_the_right_sees_and_finds_nobody_online(
    charlie: User, alice: User, bob: User, query: str
):
    charlie.is_superuser = False
    browser = browser_as(staff_with(charlie, "view_user"))
    connect(alice, node())
    page = browser.get(f"{USERS}{query}", follow=True).content.decode()
    assert "field-online" not in page and "last seen" not in page.lower()
    assert "bob" in page
