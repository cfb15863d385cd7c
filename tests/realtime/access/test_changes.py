"""A change of rights tells the nodes, in its transaction; staff closes sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.test import Client as Browser
from rest_framework.test import APIClient

from realtime.access import changes
from realtime.models import Connection, EndedSession, Event
from realtime.protocol.codes import CloseCode
from realtime.streams import user_stream
from tests.clients import api_as
from tests.nodes import ALICE, BOB, STAFF, connect, node, token_for
from tests.services.admin_log import act_of
from tests.services.server import Server


def told(user: User) -> list[str]:
    """List the changes that the user's stream tells of."""
    events = Event.objects.filter(stream__name=user_stream(user.pk), type="access_changed")
    return [json.loads(event.payload)["data"]["change"] for event in events.order_by("offset")]


def member(user: User) -> Group:
    group = Group.objects.create(name="support")
    group.user_set.through.objects.create(user=user, group=group)
    return group


def permission() -> Permission:
    return Permission.objects.get(codename="view_node")


def allowed(holder: User | Group) -> Permission:
    """Give the permission to a user or to a group, which is a change by itself."""
    found = permission()
    own = holder.permissions if isinstance(holder, Group) else holder.user_permissions
    own.add(found)
    return found


def field(**values: Any) -> Callable[[User], object]:
    def change(user: User) -> None:
        for name, value in values.items():
            setattr(user, name, value)
        user.save()

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (field(is_active=False), ["account"]),
        (field(password="another"), ["password"]),
        (field(is_staff=True), ["rights"]),
        (field(is_superuser=True), ["rights"]),
        (field(is_staff=True, is_active=False, password="x"), ["account", "password", "rights"]),
        (field(first_name="Alice"), []),
        (lambda user: user.save(), []),
        (lambda user: user.save(update_fields=["last_login"]), []),
        (lambda user: user.user_permissions.add(permission()), ["rights"]),
        (lambda user: permission().user_set.add(user), ["rights"]),
        (lambda user: user.groups.add(Group.objects.create(name="g")), ["rights"]),
        (lambda user: user.user_permissions.clear(), ["rights"]),
        (lambda user: user.groups.remove(member(user)), ["rights"]),
        (lambda user: member(user).user_set.clear(), ["rights"]),
        (lambda user: member(user).permissions.add(permission()), ["rights"]),
        (lambda user: permission().group_set.add(member(user)), ["rights"]),
        (lambda user: member(user).delete(), ["rights"]),
        (lambda user: Group.objects.filter(pk=member(user).pk).delete(), ["rights"]),
        (lambda user: allowed(member(user)).group_set.clear(), ["rights"] * 2),
        (lambda user: allowed(member(user)).delete(), ["rights"] * 2),
        (lambda user: allowed(user).delete(), ["rights"] * 2),
        (lambda user: Group.objects.create(name="g").permissions.add(permission()), []),
    ],
)
def test_a_change_of_rights_is_published(
    alice: User, change: Callable[[User], object], expected: list[str]
) -> None:
    other = User.objects.create(username="bob")
    assert told(alice) == []
    change(User.objects.get(pk=alice.pk))
    assert told(alice) == expected
    assert told(other) == []


def test_a_right_added_twice_is_one_change(alice: User) -> None:
    alice.user_permissions.add(permission())
    alice.user_permissions.add(permission())
    assert told(alice) == ["rights"]


def test_a_deleted_user_is_published(alice: User) -> None:
    copy = User.objects.get(pk=alice.pk)
    alice.delete()
    assert told(copy) == ["account"]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_is_not_published(alice: User) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        field(is_active=False)(alice)
        assert told(alice) == ["account"]
        1 / 0  # noqa: B018
    assert told(alice) == []


def test_a_change_in_the_admin_is_published(alice: User, admin: Browser) -> None:
    page = f"/admin/auth/user/{alice.pk}/change/"
    form = {"username": "alice", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    assert admin.post(page, form).status_code == 302  # without is_active
    assert told(alice) == ["account"]


# -- logging out


@pytest.fixture
def customer(db: None) -> User:
    return User.objects.create_user("alice", password="alice-pass-1")


def tokens_from(path: str, **body: str) -> dict[str, str]:
    answer = APIClient().post(f"/api/v1/auth/{path}", body)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def login(user: User, password: str = "alice-pass-1") -> dict[str, str]:
    return tokens_from("token", username=user.username, password=password)


def call(path: str, token: str = "", **body: str) -> int:
    client = APIClient()
    if token:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return int(client.get(f"/api/v1/auth/{path}").status_code)
    return int(client.post(f"/api/v1/auth/{path}", body).status_code)


def test_a_logout_ends_all_tokens_of_its_login_alone(customer: User) -> None:
    phone, laptop = login(customer), login(customer)
    newest = tokens_from("refresh", refresh=phone["refresh"])
    assert call("me", phone["access"]) == 200
    assert call("logout", refresh=phone["refresh"]) == 204  # an old one, even
    assert call("me", phone["access"]) == 401
    assert call("me", newest["access"]) == 401
    assert call("refresh", refresh=newest["refresh"]) == 401
    assert call("me", laptop["access"]) == 200
    assert call("refresh", refresh=laptop["refresh"]) == 200
    assert told(customer) == ["logout"]
    assert call("logout", refresh=phone["refresh"]) == 204
    assert told(customer) == ["logout"]


def test_a_changed_password_ends_every_login(customer: User) -> None:
    before = login(customer)
    customer.set_password("alice-pass-2")
    customer.save()
    assert call("me", before["access"]) == 401
    assert call("refresh", refresh=before["refresh"]) == 401
    assert call("me", login(customer, "alice-pass-2")["access"]) == 200


def test_staff_ends_all_logins_of_a_user_and_their_renewals(customer: User) -> None:
    before = [login(customer), login(customer)]
    before.append(tokens_from("refresh", refresh=before[0]["refresh"]))
    assert changes.end_all_sessions(customer.pk) == 2
    for one in before:
        assert call("me", one["access"]) == 401
        assert call("refresh", refresh=one["refresh"]) == 401
    assert EndedSession.objects.count() == 2
    assert changes.end_all_sessions(customer.pk) == 0
    assert call("me", login(customer)["access"]) == 200


# -- staff closes sockets


def listed(server: Server, query: str = "", token: str = "") -> list[dict[str, Any]]:
    answer = server.request("GET", f"/ws/connections{query}", token=token or token_for(STAFF))
    assert answer.status == 200, answer
    return list(answer.json())


_RIGHTS = """
from django.contrib.auth.models import Permission, User
from tests.services.admin_log import act_of
User.objects.get(username="charlie").user_permissions.add(
    *Permission.objects.filter(codename__in=("view_connection", "delete_connection")))
"""


@pytest.mark.servers
async def test_staff_lists_sockets_and_closes_them() -> None:
    with node(DEBUG="1") as server:
        await asyncio.to_thread(server.shell, _RIGHTS)
        phone = await connect(server, ALICE, device="phone")
        laptop = await connect(server, ALICE)
        bob = await connect(server, BOB)
        async with asyncio.timeout(10):
            while len(found := await asyncio.to_thread(listed, server)) < 3:
                await asyncio.sleep(0.1)
        own = [row for row in found if row["user_id"] == str(ALICE)]
        assert own == await asyncio.to_thread(listed, server, f"?user_id={ALICE}")
        [row] = [row for row in own if row["device"] == "phone"]
        assert row["id"] == phone.greeting["connection_id"]
        assert (row["username"], row["address"]) == ("alice", "127.0.0.1")
        assert "websockets" in row["client"]
        assert not {"session", "token"} & row.keys()

        path = f"/ws/connections/{row['id']}"
        assert server.request("DELETE", path, token=token_for(BOB)).status == 403
        answer = await asyncio.to_thread(server.request, "DELETE", path, token=token_for(STAFF))
        assert (answer.status, answer.json()) == (202, {"closing": [row["id"]]})
        assert await phone.until_closed() == CloseCode.REVOKED
        path = f"/ws/connections?user_id={ALICE}&reconnect=true"
        answer = await asyncio.to_thread(server.request, "DELETE", path, token=token_for(STAFF))
        assert answer.status == 202
        assert await laptop.until_closed() == CloseCode.RESTART
        assert "server_shutdown" in {message["type"] for message in laptop.journal}

        output = await asyncio.to_thread(server.manage, "disconnect", "bob", "--list", "--json")
        [mine] = json.loads(output)["connections"]
        output = await asyncio.to_thread(server.manage, "disconnect", "bob", "--json")
        assert json.loads(output) == {"closed": 1, "open": [], "logins_ended": 0}
        assert await bob.until_closed() == CloseCode.REVOKED
        assert mine["id"] not in {row["id"] for row in await asyncio.to_thread(listed, server)}
        log = await asyncio.to_thread(
            server.shell,
            "from django.contrib.admin.models import LogEntry as L;"
            "print([(e.user_id, e.object_id, e.change_message) for e in L.objects.all()])",
        )  # fmt: skip
        assert f"({STAFF}, '{row['id']}', 'Closed with 4403. (" in log


@pytest.mark.servers
@pytest.mark.parametrize(
    ("words", "complaint"),
    [(["nobody"], "no user 'nobody'"), (["bob", "--connection", "x"], "no connection 'x'")],
)
def test_the_command_names_a_missing_user_or_connection(
    served: Server, words: list[str], complaint: str
) -> None:
    with pytest.raises(RuntimeError, match=complaint):
        served.manage("disconnect", *words)


@pytest.mark.parametrize(
    ("is_staff", "right", "may_list", "may_close"),
    [
        (False, "", False, False),
        (False, "delete_connection", False, False),
        (True, "", False, False),
        (True, "view_connection", True, False),
        (True, "delete_connection", False, True),
    ],
)
def test_each_right_allows_its_own_action(
    db: None, is_staff: bool, right: str, may_list: bool, may_close: bool
) -> None:
    user = User.objects.create(username="dora", is_staff=is_staff)
    user.user_permissions.set(Permission.objects.filter(codename=right))
    client = api_as(User.objects.get(pk=user.pk))
    assert client.get("/ws/connections").status_code == (200 if may_list else 403)
    closing = client.delete(f"/ws/connections?user_id={user.pk}").status_code
    assert closing == (202 if may_close else 403)
    assert client.delete("/ws/connections/none").status_code == (404 if may_close else 403)
    answer = client.delete("/ws/connections")  # whose?
    assert answer.status_code == (400 if may_close else 403)
    assert not may_close or "?user_id=" in str(answer.json()["errors"]["user_id"])
    assert not Connection.objects.exists()
    entries = [
        (entry.user_id, entry.object_id, act_of(entry.change_message))
        for entry in LogEntry.objects.all()
    ]
    # No node had reported a socket yet; the open ones close all the same.
    closed = (user.pk, str(user.pk), "All connections closed with 4403.")
    assert entries == ([closed] if may_close else [])
