"""A user without the right to be connected is disconnected in time, on every node.

Two nodes, each with a socket of each user. A separate process publishes to all of them
ten times a second, and takes a right from each in the middle. Each event says when it was
published: none that was published later than the bound may arrive, with Redis and without.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from rest_framework_simplejwt.tokens import AccessToken

from realtime.protocol.codes import CloseCode
from tests.nodes import ALICE, BOB, STAFF, connect, node, token_for
from tests.services.client import Client, Message
from tests.services.plugin import Serve
from tests.services.ports import PATIENCE
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]

CODES: dict[str, CloseCode | None] = {
    "expiry": CloseCode.UNAUTHORIZED,
    "logout": CloseCode.UNAUTHORIZED,
    "logout of another login": None,
    "reuse of a refresh token": CloseCode.UNAUTHORIZED,
    "reuse in another login": None,
    "deactivate": CloseCode.REVOKED,
    "password": CloseCode.UNAUTHORIZED,
    "delete": CloseCode.UNAUTHORIZED,
    "staff closes": CloseCode.REVOKED,
    "role": None,
    "permission": None,
    "group": None,
    "membership": None,
    "nothing": None,
}
JOINED = {  # `club` is a room whose members an application keeps in a table of its own
    "role": "nodes",
    "permission": "nodes",
    "group": "nodes",
    "membership": "club",
    "nothing": "club",
}
EXPIRES_AFTER_SECONDS = 6.0
SHOWS = {"nodes": "node_report", "club": "market_update"}

_SETUP = """
import json
from django.contrib.auth.models import Group, Permission, User
from hoardrun.api import tokens
see = Permission.objects.get(codename="view_node")
support = Group.objects.create(name="support")
support.permissions.add(see)
club = Group.objects.create(name="club")
found = {}
for name in CASES:
    user = User.objects.create(username=name, password="unusable " + name, is_staff=True)
    if name in ("role", "permission"):
        user.user_permissions.add(see)
    if name == "group":
        user.groups.add(support)
    if name in ("membership", "nothing"):
        user.groups.add(club)
    login, other = tokens.login_create(user=user), tokens.login_create(user=user)
    found[name] = {"id": user.pk, "access": login.access, "refresh": login.refresh,
                   "other": other.refresh}
print(json.dumps(found))
"""

_RUN = """
import json, sys, time
from django.contrib.auth.models import Group, User
from django.db import transaction
from rest_framework_simplejwt.exceptions import InvalidToken
from hoardrun.api import tokens
from realtime.access import changes
from realtime.models import Connection
from hoardrun.ledger.messages import BalanceUpdate
from hoardrun.market.messages import MarketUpdate
from realtime.publish import Ephemeral, publish, publish_ephemeral

users, seconds = json.load(open(USERS)), SECONDS
def save(name, **values):
    with transaction.atomic():
        user = User.objects.get(username=name)
        for key, value in values.items():
            setattr(user, key, value)
        user.save()
def password(name):
    with transaction.atomic():
        user = User.objects.get(username=name)
        user.set_password("a better password")
        user.save()
def reuse(refresh):
    tokens.login_refresh(refresh=refresh)
    try:
        tokens.login_refresh(refresh=refresh)
    except InvalidToken:
        return
    raise AssertionError("it was taken twice")
def membership(name):
    with transaction.atomic():
        # Written to by itself, the table sends no signal.
        User.groups.through.objects.filter(user__username=name).delete()
        changes.changed([users[name]["id"]], "rights")
take = {
    "logout": lambda: tokens.login_end(refresh=users["logout"]["refresh"]),
    "logout of another login": lambda: tokens.login_end(
        refresh=users["logout of another login"]["other"]),
    "reuse of a refresh token": lambda: reuse(
        users["reuse of a refresh token"]["refresh"]),
    "reuse in another login": lambda: reuse(users["reuse in another login"]["other"]),
    "deactivate": lambda: save("deactivate", is_active=False),
    "password": lambda: password("password"),
    "delete": lambda: User.objects.get(username="delete").delete(),
    "staff closes": lambda: changes.close_user(users["staff closes"]["id"]),
    "role": lambda: save("role", is_staff=False),
    "permission": lambda: User.objects.get(username="permission").user_permissions.clear(),
    "group": lambda: Group.objects.get(name="support").permissions.clear(),
    "membership": lambda: membership("membership"),
}
print("ready", flush=True)
sys.stdin.readline()
taken, began = {}, time.time()
while time.time() < began + seconds:
    if not taken and time.time() > began + 1:
        for name, action in take.items():
            action()
            taken[name] = time.time()
        began = time.time() - 1  # however long that took
    for name, user in users.items():
        publish("user:%s" % user["id"], BalanceUpdate(account_id="1", currency="UGX",
            available_balance="1", current_balance="%.3f" % time.time(), name=name))
    quote = MarketUpdate(symbol="CLUB", price="1")
    publish_ephemeral("club", [Ephemeral(("club",), "CLUB", quote)])
    time.sleep(0.1)
print(json.dumps(taken))
"""


@dataclass
class Seen:
    """The messages to one socket, each with its time; and the code and the time of its end."""

    name: str
    messages: list[tuple[float, Message]] = field(default_factory=list)
    code: int | None = None
    closed_at: float | None = None

    async def read(self, client: Client, until: float) -> None:
        while (left := until - time.time()) > 0:
            found = await client.until_next(left)
            if isinstance(found, int):
                self.code, self.closed_at = found, time.time()
                return
            if found is not None:
                self.messages.append((time.time(), found))

    def times(self, kind: str) -> list[float]:
        """Say when the messages of a type came."""
        return [at for at, message in self.messages if message["type"] == kind]

    def published(self) -> list[float]:
        """Say when the publisher sent the events that came."""
        found = [message for _, message in self.messages if message["type"] == "balance_update"]
        return [float(message["data"]["current_balance"]) for message in found]


@pytest.mark.parametrize(
    ("redis_is_up", "bound", "seconds"), [(True, 5.0, 7.0), (False, 8.0, 10.0)]
)
async def test_no_event_is_delivered_after_its_bound(
    redis_is_up: bool,
    bound: float,
    seconds: float,
    postgres: Postgres,
    redis: Redis,
    serve: Serve,
) -> None:
    env = {
        "DATABASE_URL": postgres.migrated(f"revocation_{redis_is_up}".lower()),
        "REDIS_URL": redis.url,
        "WS_RECHECK_SECONDS": "3600",  # so that it is the events that do it,
        "WS_RECONCILE_SECONDS": "3600" if redis_is_up else "5",  # and with Redis their wake-ups
        "REFRESH_TOKEN_DAYS": "1",
        "REFRESH_GRACE_SECONDS": "0",
        "DJANGO_SETTINGS_MODULE": "tests.scenarios.club.settings",
    }
    nodes = [serve(env=env, migrate=True), serve(env=env, migrate=False)]
    users = json.loads(
        await asyncio.to_thread(nodes[0].shell, f"CASES = {list(CODES)!r}\n{_SETUP}")
    )
    path = nodes[0].folder / "users.json"
    path.write_text(json.dumps(users))
    script = f"USERS, SECONDS = {str(path)!r}, {seconds * PATIENCE}\n{_RUN}"
    sockets: list[tuple[Seen, Client]] = []
    expires_at = 0.0
    with nodes[0].running_script(script) as process:
        try:
            for name in sorted(users, key="expiry".__eq__):  # its time runs, so it comes last
                token = AccessToken(users[name]["access"])
                if name == "expiry":
                    token.set_exp(lifetime=timedelta(seconds=EXPIRES_AFTER_SECONDS))
                    expires_at = token["exp"]
                sockets += [(Seen(name), await enter(server, name, str(token))) for server in nodes]
            if not redis_is_up:
                await asyncio.to_thread(redis.stop)
            until = time.time() + seconds * PATIENCE + 2
            publishing = asyncio.create_task(asyncio.to_thread(process.communicate, "go\n"))
            await asyncio.gather(*(seen.read(client, until) for seen, client in sockets))
            output, _ = await publishing
        finally:
            if not redis_is_up:
                await asyncio.to_thread(redis.start)
            for _, client in sockets:
                await client.close()
    taken = json.loads(output)
    taken["expiry"] = expires_at
    for seen, _ in sockets:
        # Without Redis, messages of rooms, which are not stored, reach no other process.
        judge(seen, taken.get(seen.name), bound, rooms_move=redis_is_up)
    for server in nodes:
        assert "Traceback" not in server.log()


async def enter(server: Server, name: str, token: str) -> Client:
    client = await connect(server, token)
    if name in JOINED:
        await client.join(JOINED[name])
    return client


def judge(seen: Seen, taken: float | None, bound: float, *, rooms_move: bool) -> None:
    money = seen.times("balance_update")
    assert money, f"{seen.name}: nothing came at all, so the test shows nothing"
    assert seen.code == CODES[seen.name], seen.name
    changes = [m["data"]["change"] for _, m in seen.messages if m["type"] == "access_changed"]
    if CODES[seen.name] is None:
        # A user who lost nothing, or a room only, still receives its own money.
        assert max(money) > (taken or min(money)) + 1, seen.name
        of_another = seen.name in {"logout of another login", "reuse in another login"}
        assert changes.count("logout") == of_another
    else:
        assert taken is not None and seen.closed_at is not None
        if seen.name == "expiry":
            assert seen.closed_at <= taken + 5, seen.name  # which no Redis is needed for
        late = [at - taken for at in seen.published() if at > taken + bound]
        assert not late, f"{seen.name}: {len(late)} events past {bound} s, up to {max(late):.1f} s"
    if seen.name in JOINED:
        judge_room(seen, JOINED[seen.name], taken, bound, moves=rooms_move)


def judge_room(seen: Seen, room: str, taken: float | None, bound: float, *, moves: bool) -> None:
    shown = seen.times(SHOWS[room])
    left = [(at, m["data"]) for at, m in seen.messages if m["type"] == "room_left"]
    if taken is None:  # a user who keeps a room still receives its messages
        assert not left
        assert not moves or max(shown) > min(shown) + 1
        return
    assert not moves or min(shown) < taken, f"{seen.name}: it saw nothing of the room"
    [(left_at, data)] = left
    assert data == {"room": room, "reason": "revoked"}
    assert left_at <= taken + bound, seen.name
    assert not [at for at in shown if at > left_at]


_BEHIND = """
from django.contrib.auth.models import User
from django.utils import timezone
from realtime.models import EndedSession
User.objects.filter(id=1).update(is_active=False)
User.objects.filter(id=2).update(password="another")
EndedSession.objects.create(id=SESSION, user_id=3, expires_at=timezone.now())
User.objects.filter(id=4)._raw_delete("default")
"""


async def test_a_change_without_a_signal_is_found_by_the_recheck() -> None:
    token = token_for(STAFF)
    session = AccessToken(token)["jti"]  # type: ignore[arg-type]
    with node(WS_RECHECK_SECONDS="0.5") as server:
        more = "g().objects.create(id=4, username='d'); g().objects.create(id=5, username='e')"
        more = f"from django.contrib.auth import get_user_model as g; {more}"
        await asyncio.to_thread(server.shell, more)
        clients = {
            user_id: await connect(server, token if user_id == STAFF else user_id)
            for user_id in (ALICE, BOB, STAFF, 4, 5)
        }
        script = f"SESSION = {session!r}\n{_BEHIND}"
        await asyncio.to_thread(server.shell, script)
        assert await clients[ALICE].until_closed() == CloseCode.REVOKED
        for user_id in (BOB, STAFF, 4):
            assert await clients[user_id].until_closed() == CloseCode.UNAUTHORIZED
        await clients[5].send({"type": "ping"})
        await clients[5].receive("pong")
        await clients[5].close()


_NEWER = """
from django.contrib.auth.models import User
from realtime.streams import user_stream
from realtime.models import Event
from realtime.protocol.published import AccessChanged
from realtime.publish import publish
from django.db import transaction
User.objects.filter(id=1).update(is_active=False)
with transaction.atomic():
    entry = publish(user_stream(1), AccessChanged(change="account"))
    event = Event.objects.get(stream__name=entry.stream, offset=entry.offset)
    Event.objects.update(payload=event.payload.replace('"account"', '"of a newer version"'))
    transaction.get_connection().run_on_commit.clear()  # so that it is found in the log
"""


async def test_a_change_of_an_unknown_kind_is_rechecked_and_stops_no_other_socket() -> None:
    with node(WS_RECHECK_SECONDS="3600", WS_RECONCILE_SECONDS="0.2") as server:
        alice = await connect(server, ALICE)
        bob = await connect(server, BOB)
        await asyncio.to_thread(server.shell, _NEWER)
        assert await alice.until_closed() == CloseCode.REVOKED
        await bob.ping()
        await bob.close()
        assert "Traceback" not in server.log()
