"""Which paths strangers, customers, staff, and staff with more rights may call."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from hoardrun.broadcasts.models import Broadcast
from notifications.models import Notification
from realtime.models import Event
from tests.clients import api_as, staff_with
from tests.hoardrun.tools import api_views, filled_in, problem

CUSTOMERS = [
    ("get", "/api/v1/auth/me"),
    ("get", "/api/v1/snapshot"),
    ("get", "/api/v1/accounts"),
    ("get", "/api/v1/transactions"),
    ("get", "/api/v1/notifications"),
    ("get", "/api/v1/notifications/summary"),
    ("post", "/api/v1/notifications/mark-all-read"),
    ("get", "/api/v1/announcements"),
    ("get", "/api/v1/instruments"),
    ("get", "/api/v1/quotes"),
    ("get", "/api/v1/market-data"),
]
STAFF = [
    ("get", "/ws/stats"),
    ("post", "/ws/broadcast/notification"),
    ("post", "/ws/broadcast/transaction"),
    ("post", "/ws/broadcast/balance"),
    ("post", "/ws/broadcast/market"),
    ("post", "/ws/broadcast/announcement"),
    ("get", "/ws/broadcast/waiting"),
    ("post", "/ws/broadcast/1/approve"),
    ("post", "/ws/broadcast/1/reject"),
    ("post", "/api/v1/notifications"),
]
BROADCASTS = [path for _, path in STAFF[1:6]]
DECISIONS = ["/ws/broadcast/1/approve", "/ws/broadcast/1/reject"]


def call(client: APIClient, method: str, path: str) -> Any:
    return client.get(path) if method == "get" else client.post(path, {})


@pytest.mark.parametrize(("method", "path"), CUSTOMERS + STAFF)
def test_nobody_gets_in_without_a_login(db, method: str, path: str):
    answer = call(APIClient(), method, path)
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), CUSTOMERS)
def test_customers_use_the_api(alice: User, method: str, path: str):
    assert call(api_as(alice), method, path).status_code == 200


@pytest.mark.parametrize(("method", "path"), STAFF)
def test_customers_neither_broadcast_nor_read_stats(alice: User, method: str, path: str):
    problem(call(api_as(alice), method, path), 403, "permission_denied")
    assert not Event.objects.exists()
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize(("method", "path"), CUSTOMERS + STAFF)
def test_staff_gets_everywhere(charlie: User, method: str, path: str):
    answer = call(api_as(charlie), method, path)
    if path in DECISIONS:
        problem(answer, 404, "broadcast_not_found")
    elif method == "post" and path in {staff_path for _, staff_path in STAFF}:
        problem(answer, 400, "invalid_input")  # past the door: the empty body is what is wrong
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(("method", "path"), [route for route in STAFF if "/ws/" in route[1]])
@pytest.mark.parametrize("name", ["dora", "erin", "frank"])
def test_staff_broadcasts_and_approves_by_separate_rights(
    request, name: str, method: str, path: str
):
    answer = call(api_as(request.getfixturevalue(name)), method, path)
    may = {
        "dora": set(),
        "erin": {"/ws/broadcast/waiting", *BROADCASTS},
        "frank": {"/ws/broadcast/waiting", *DECISIONS},
    }
    if path not in may[name]:
        problem(answer, 403, "permission_denied")
    elif path in DECISIONS:
        problem(answer, 404, "broadcast_not_found")
    elif path in BROADCASTS:
        problem(answer, 400, "invalid_input")
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(("method", "path"), [route for route in STAFF if "/ws/" in route[1]])
@pytest.mark.parametrize("name", ["erin", "frank", "charlie"])
def test_a_right_is_worth_nothing_to_a_user_that_is_not_staff(
    request, name: str, method: str, path: str
):
    user = request.getfixturevalue(name)
    user.is_staff = False
    user.save()
    problem(call(api_as(user), method, path), 403, "permission_denied")


def test_a_session_alone_broadcasts_nothing_without_its_csrf_token(charlie: User):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(charlie)
    body = {"title": "Hello", "message": "World"}
    answer = client.post("/ws/broadcast/announcement", body)
    problem(answer, 403, "permission_denied")
    assert not Event.objects.exists()


BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/transactions/1/act": {"action": "complete"},
    "/api/v1/notifications": {"user_id": 1, "title": "Hello", "message": "World"},
}


def test_staff_without_rights_is_answered_as_a_customer(alice: User, dora: User):
    """Walk every path: staff that was given no right is answered as a customer is."""
    walked = 0
    for route, view in api_views():
        path = filled_in(route)
        if "/auth/" in path or path.endswith("/"):
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            if not hasattr(view, method):
                continue
            walked += 1
            answers = [
                getattr(api_as(user), method)(path, BODIES.get(path, {})) for user in (alice, dora)
            ]
            customer, staff = (answer.status_code for answer in answers)
            # 403 where a customer is told 404: staff may know that it lacks a right.
            assert staff in {customer, 403}, (method, path, customer, staff)
            if customer == 403:
                assert staff == 403, (method, path)
    assert walked > 40


def test_a_notification_takes_the_right_that_the_admin_asks_for(alice: User, dora: User):
    body = {"user_id": alice.pk, "title": "Hello", "message": "World"}
    problem(api_as(dora).post("/api/v1/notifications", body), 403, "permission_denied")
    assert not Notification.objects.exists()
    dora = staff_with(dora, "add_notification")
    answer = api_as(dora).post("/api/v1/notifications", body)
    assert answer.status_code == 201
    entry = LogEntry.objects.get(user=dora)
    assert (entry.object_id, entry.action_flag) == (answer.json()["id"], 1)


def test_stats_take_the_right_to_see_nodes(dora: User):
    problem(api_as(dora).get("/ws/stats"), 403, "permission_denied")
    assert api_as(staff_with(dora, "view_node")).get("/ws/stats").status_code == 200


def test_users_are_found_by_name_with_the_right_to_view_them(dora: User):
    for name in ("amina", "amina-2", "Brian"):
        User.objects.create_user(name, email=f"{name}@example.org", first_name="A")
    path = "/api/v1/users"
    problem(api_as(dora).get(path, {"name": "am"}), 403, "permission_denied")
    client = api_as(staff_with(dora, "view_user"))

    def found(name: str) -> list[str]:
        return [user["username"] for user in client.get(path, {"name": name}).json()]

    assert found("am") == found("AM") == ["amina", "amina-2"]
    assert found("Br") == found("Brian@example.org") == ["Brian"]
    assert found("nobody") == found("%") == []
    problem(client.get(path), 400, "invalid_input")
