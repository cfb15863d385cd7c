"""A serving node with three users, and connections to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rest_framework_simplejwt.tokens import AccessToken

from realtime.access.validity import stamp_of
from tests.services.client import Client
from tests.services.server import Server

ALICE, BOB, STAFF = 1, 2, 3
USERS = """
from django.contrib.auth.models import Permission, User
for number, name in enumerate(("alice", "bob", "charlie"), start=1):
    User.objects.create(id=number, username=name, is_staff=name == "charlie")
User.objects.get(username="charlie").user_permissions.add(
    *Permission.objects.filter(codename__in=("broadcast", "view_node"))
)
"""


def token_for(user_id: int, *, seconds: float = 600) -> str:
    """Make an access token that the servers of this run accept."""
    token = AccessToken()
    token["user_id"] = str(user_id)
    token["hash_password"] = stamp_of("")  # these users have none
    token.set_exp(lifetime=timedelta(seconds=seconds))
    return str(token)


@contextmanager
def node(**env: str) -> Iterator[Server]:
    """Serve with Alice, Bob, and Charlie of staff, who may broadcast and view nodes."""
    with Server(env=env, prepare=USERS) as server:
        yield server


async def connect(server: Server, user: int | str, **options: Any) -> Client:
    """Open a socket as a user, given by id or by a token; return it once it was greeted."""
    token = user if isinstance(user, str) else token_for(user)
    client = await Client.open(server.ws_url, token=token, **options)
    try:
        await client.receive("connection_established")
    except BaseException:
        client.drop()
        raise
    return client


def broadcast(server: Server, kind: str, body: dict[str, Any], query: str = "") -> dict[str, Any]:
    """Publish through the HTTP endpoint, as staff."""
    answer = server.request(
        "POST", f"/ws/broadcast/{kind}{query}", json=body, token=token_for(STAFF)
    )
    assert answer.status in {200, 201}, answer
    return dict(answer.json())


def reported(server: Server, user_id: int = STAFF) -> dict[str, Any]:
    """Read what the nodes report of themselves, as staff does over HTTP."""
    answer = server.request("GET", "/ws/stats", token=token_for(user_id))
    assert answer.status == 200, answer
    return dict(answer.json()["data"])


def push_balance(server: Server, user_id: int, number: int) -> dict[str, Any]:
    """Publish a balance update that can be told from others by its number."""
    return broadcast(
        server,
        "balance",
        {
            "account_id": "1",
            "currency": "UGX",
            "available_balance": str(number),
            "current_balance": str(number),
        },
        f"?user_id={user_id}",
    )


def push_transaction(server: Server, user_id: int) -> dict[str, Any]:
    """Publish the update of a transaction."""
    body = {"id": "9", "status": "completed", "amount": "5", "currency": "UGX"}
    return broadcast(server, "transaction", body, f"?user_id={user_id}")
