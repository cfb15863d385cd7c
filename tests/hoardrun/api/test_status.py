"""Staff sees whether users are online, and when they were last there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from realtime import clock
from realtime.models import Connection, Departure, Node
from tests.clients import api_as, count_queries, staff_with
from tests.hoardrun.tools import problem

STATUS = "/api/v1/users/status"


@pytest.fixture
def staff(charlie: User) -> APIClient:
    charlie.is_superuser = False
    charlie.save()
    return api_as(staff_with(charlie, "view_connection"))


@pytest.fixture
def node(db: None) -> Node:
    now = clock.now()
    later = now + timedelta(hours=1)  # it lives until the test is over
    return Node.objects.create(pk="n", host="h", pid=1, started_at=now, seen_at=later)


def status(client: APIClient, *users: Any) -> list[dict[str, Any]]:
    ids = ",".join(str(getattr(user, "pk", user)) for user in users)
    answer = client.get(STATUS, {"ids": ids})
    assert answer.status_code == 200, answer.content
    return list(answer.json())


def connect(node: Node, user: User, number: int, **columns: Any) -> None:
    Connection.objects.create(
        pk=f"c{number}", node=node, user=user, session="s", opened_at=clock.now(), **columns
    )


def test_a_user_is_online_on_the_devices_that_are_connected(staff, node, alice, bob):
    now = clock.now()
    connect(node, alice, 1, device="tab", device_class="desktop")
    connect(node, alice, 2, device="app", device_class="phone", is_active=True)
    [one, other] = status(staff, alice, bob)
    assert (one["user_id"], one["is_online"], one["is_active"]) == (str(alice.pk), True, True)
    assert clock.moment_of(one["last_seen_at"]) >= now
    devices = [(each["device"], each["device_class"], each["is_active"]) for each in one["devices"]]
    assert devices == [("app", "phone", True), ("tab", "desktop", False)]
    never = {"user_id": str(bob.pk), "is_online": False, "is_active": False}
    assert other == {**never, "last_seen_at": None, "devices": []}


def test_who_has_left_was_seen_then(staff, node, alice):
    left_at = clock.now() - timedelta(minutes=5)
    gone = {"user": alice, "code": 1001, "opened_at": left_at, "closed_at": left_at}
    Departure.objects.create(connection_id="gone", device="app", **gone)
    [found] = status(staff, alice)
    assert not found["is_online"]
    assert clock.moment_of(found["last_seen_at"]) == left_at


def test_a_service_makes_nobody_online(staff, node, alice):
    connect(node, alice, 1, device="svc-ledger", device_class="service")
    [found] = status(staff, alice)
    assert not found["is_online"]
    assert [each["device"] for each in found["devices"]] == ["svc-ledger"]


def test_they_come_in_the_order_of_the_ids_and_those_that_do_not_exist_are_left_out(
    staff, alice, bob
):
    found = status(staff, bob, 10**9, alice, bob)
    assert [each["user_id"] for each in found] == [str(bob.pk), str(alice.pk)]


def test_many_users_cost_as_many_queries_as_one(staff, node, alice, bob):
    connect(node, alice, 1)
    status(staff, alice)  # the rights of staff are read once
    one = count_queries(staff, f"{STATUS}?ids={alice.pk}")
    assert count_queries(staff, f"{STATUS}?ids={alice.pk},{bob.pk}") == one


@pytest.mark.parametrize("ids", ["", "x", "1,,2", "0", "-1", "1.0", "9" * 30, "٣"])
def test_what_is_no_list_of_ids_is_refused(staff, ids: str):
    problem(staff.get(STATUS, {"ids": ids}), 400, "invalid_input", "ids")


def test_a_hundred_are_answered_and_no_more(staff):
    assert status(staff, *range(10**6, 10**6 + 100)) == []
    ids = ",".join(map(str, range(1, 102)))
    problem(staff.get(STATUS, {"ids": ids}), 400, "invalid_input", "ids")


def test_only_staff_with_the_right_may_ask(alice: User, charlie: User):
    problem(api_as(alice).get(STATUS, {"ids": alice.pk}), 403)
    charlie.is_superuser = False
    other = staff_with(charlie, "view_node")
    problem(api_as(other).get(STATUS, {"ids": alice.pk}), 403)
