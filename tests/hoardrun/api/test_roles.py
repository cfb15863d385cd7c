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
from tests.hoardrun.tools import operations, problem

NAMES = (
    *("auth/me", "snapshot", "accounts", "transactions", "notifications", "notifications/summary"),
    *("announcements", "instruments", "quotes", "market-data"),
)
CUSTOMERS = [*(("get", f"/api/v1/{name}") for name in NAMES)]
CUSTOMERS += [("post", "/api/v1/notifications/mark-all-read")]
KINDS = ("notification", "transaction", "balance", "market", "announcement")
BROADCASTS = [("post", f"/ws/broadcast/{kind}") for kind in KINDS]
DECISIONS = [("post", f"/ws/broadcast/1/{decision}") for decision in ("approve", "reject")]
WAITING, CREATION = ("get", "/ws/broadcast/waiting"), ("post", "/api/v1/notifications")
SOCKETS = [("get", "/ws/stats"), *BROADCASTS, WAITING, *DECISIONS]
STAFF = [*SOCKETS, CREATION]
MAY = {
    "alice": [],
    "dora": [],
    "erin": [WAITING, *BROADCASTS],
    "frank": [WAITING, *DECISIONS],
    "charlie": STAFF,
}
PUBLIC = {
    *("/api/v1/auth/token", "/api/v1/auth/refresh", "/api/v1/auth/logout"),
    *("/api/schema", "/api/docs", "/ws/schema", "/api/v1/receipts"),
    *("/api/v1/push/renew", "/api/v1/push/leave"),  # a worker of push has a token of its own
}
OPERATIONS = [(method, path) for method, path, _ in operations()]


def call(client: APIClient, method: str, path: str) -> Any:
    return getattr(client, method)(path, data=None if method == "get" else {})


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS if each[1] not in PUBLIC])
def test_nobody_gets_in_without_a_login(db, method: str, path: str):
    answer = call(APIClient(), method, path)
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), CUSTOMERS)
@pytest.mark.parametrize("name", ["alice", "charlie"])
def test_customers_and_staff_use_the_api(request, name: str, method: str, path: str):
    assert call(api_as(request.getfixturevalue(name)), method, path).status_code == 200


@pytest.mark.parametrize("route", STAFF, ids="-".join)
@pytest.mark.parametrize("name", MAY)
def test_each_path_of_staff_takes_its_own_right(request, name: str, route: tuple[str, str]):
    answer = call(api_as(request.getfixturevalue(name)), *route)
    if route not in MAY[name]:
        problem(answer, 403, "permission_denied")
        assert not Event.objects.exists()
        assert not Broadcast.objects.exists()
    elif route in DECISIONS:
        problem(answer, 404, "broadcast_not_found")
    elif route in [*BROADCASTS, CREATION]:
        problem(answer, 400, "invalid_input")  # past the door: the empty body is what is wrong
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(("method", "path"), SOCKETS)
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
    for user in (alice, dora):
        user.email = ""  # else one of them would own the address with the number 1
        user.save()
    walked = 0
    for method, path in OPERATIONS:
        if "/auth/" in path:
            continue
        walked += 1
        body = BODIES.get(path, {})
        answers = [getattr(api_as(user), method)(path, body) for user in (alice, dora)]
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
