"""Who may call what: everybody, customers, staff, and staff with more rights."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from realtime.models import Broadcast, Event
from tests.hoardrun.tools import problem

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
    return client.get(path) if method == "get" else client.post(path, {}, format="json")


@pytest.mark.parametrize(("method", "path"), CUSTOMERS + STAFF)
def test_nobody_gets_in_without_a_login(db, method: str, path: str):
    answer = call(APIClient(), method, path)
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), CUSTOMERS)
def test_customers_use_the_api(alice: User, login, method: str, path: str):
    assert call(login(alice), method, path).status_code == 200


@pytest.mark.parametrize(("method", "path"), STAFF)
def test_customers_neither_broadcast_nor_read_stats(alice: User, login, method: str, path: str):
    problem(call(login(alice), method, path), 403, "permission_denied")
    assert not Event.objects.exists()
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize(("method", "path"), CUSTOMERS + STAFF)
def test_staff_gets_everywhere(charlie: User, login, method: str, path: str):
    answer = call(login(charlie), method, path)
    if path in DECISIONS:
        problem(answer, 404, "broadcast_not_found")
    elif method == "post" and path in {staff_path for _, staff_path in STAFF}:
        problem(answer, 400, "invalid_input")  # past the door: the empty body is what is wrong
    else:
        assert answer.status_code == 200


@pytest.mark.parametrize(("method", "path"), [route for route in STAFF if "/ws/" in route[1]])
@pytest.mark.parametrize("name", ["dora", "erin", "frank"])
def test_staff_broadcasts_and_approves_by_separate_rights(
    request, login, name: str, method: str, path: str
):
    answer = call(login(request.getfixturevalue(name)), method, path)
    may = {
        "dora": {"/ws/stats"},
        "erin": {"/ws/stats", "/ws/broadcast/waiting", *BROADCASTS},
        "frank": {"/ws/stats", "/ws/broadcast/waiting", *DECISIONS},
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
def test_a_right_is_worth_nothing_to_who_is_no_staff(
    request, login, name: str, method: str, path: str
):
    user = request.getfixturevalue(name)
    user.is_staff = False
    user.save()
    problem(call(login(user), method, path), 403, "permission_denied")


def test_a_session_alone_broadcasts_nothing_without_its_csrf_token(charlie: User):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(charlie)
    body = {"title": "Hello", "message": "World"}
    answer = client.post("/ws/broadcast/announcement", body, format="json")
    problem(answer, 403, "permission_denied")
    assert not Event.objects.exists()
