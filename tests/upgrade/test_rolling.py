"""Nodes of the release before and of this one serve the same database at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.nodes import ALICE, STAFF, USERS, token_for
from tests.nodes import connect as greeted
from tests.services.client import Client
from tests.services.ports import wait_until
from tests.services.postgres import Postgres
from tests.services.process import run_python
from tests.services.redis import Redis
from tests.services.server import Server, manage
from tests.upgrade import release

pytestmark = [pytest.mark.servers, pytest.mark.operation]
STREAM = f"user:{ALICE}"
FROM_THE_FUTURE = """
from django.db.migrations.recorder import MigrationRecorder
MigrationRecorder.Migration.objects.create(app="realtime", name="9999_needs_hoardrun_99_0_drop")
"""
# They write every table; none may fail.
COMMANDS = (
    "seed_demo",
    "notify --user amina --title Hello --message There --key 1",
    "announce Hello All",
    "stats --json",
    "stream_market --for 0.3",
    "disconnect amina --log-out",
    "trim_events --keep 5",
    "bump_epoch --all",
    "forget_user brian",
)


@pytest.fixture
def stores(postgres: Postgres, redis: Redis, request: pytest.FixtureRequest) -> dict[str, str]:
    """A PostgreSQL database of its own, and Redis."""
    name = request.node.name[:40]
    return {"DATABASE_URL": postgres.database(name), "REDIS_URL": redis.url, "REDIS_PREFIX": name}


def notify(server: Server, title: str) -> None:
    body = {"user_id": ALICE, "title": title, "message": title}
    answer = server.request("POST", "/api/v1/notifications", json=body, token=token_for(STAFF))
    assert answer.status == 201, answer


async def titles(client: Client, count: int) -> list[str]:
    """Return the titles of the notifications that came, once there are `count`."""
    while len(found := [m for m in client.journal if m["type"] == "notification"]) < count:
        await client.receive("notification")
    return [message["data"]["title"] for message in found]


async def test_a_rolling_upgrade_loses_and_repeats_nothing(stores: dict[str, str]):
    in_thread = asyncio.to_thread
    give_right = USERS + (
        'User.objects.get(username="charlie").user_permissions.add('
        'Permission.objects.get(codename="add_notification"))'
    )
    with Server(env=stores, code=release.folder(), prepare=give_right) as old:
        phone = await greeted(old, ALICE, device="phone")
        await in_thread(notify, old, "before")
        await titles(phone, 1)
        # The schema of this code comes while the old node serves.
        upgrade = asyncio.create_task(in_thread(manage, "migrate", "--verbosity=0", **stores))
        sent = ["before"]
        while not upgrade.done() or len(sent) < 5:
            sent.append(f"while it migrates {len(sent)}")
            await in_thread(notify, old, sent[-1])
        assert (await upgrade).returncode == 0, upgrade.result().stderr
        assert await titles(phone, len(sent)) == sent
        assert old.request("GET", "/readyz").status == 200
        with Server(env=stores, migrate=False) as new:
            laptop = await greeted(new, ALICE, device="laptop")
            for server, title in ((old, "through the old"), (new, "through the new")):
                await in_thread(notify, server, title)
                sent.append(title)
            assert await titles(phone, len(sent)) == sent
            assert await titles(laptop, 2) == sent[-2:]
            last = [m for m in phone.journal if m["type"] == "notification"][-1]
            await phone.request(type="ack", stream=STREAM, offset=last["offset"])
            leaving = asyncio.create_task(in_thread(old.stop))
            assert await phone.until_closed() == 1012
            await leaving
            await in_thread(notify, new, "afterwards")
            phone = await greeted(new, ALICE, device="phone")
            assert await titles(phone, 1) == ["afterwards"]
            resumed: list[Any] = [m for m in phone.journal if m["type"] == "resync_required"]
            assert resumed == []
            await phone.close()
            await laptop.close()


def test_commands_of_the_release_before_run_on_this_schema(stores: dict[str, str]):
    with Server(env=stores | {"DEBUG": "1"}) as server:
        for command in COMMANDS:
            release.manage(*command.split(), env=server.env)


def test_an_old_node_says_that_the_schema_is_too_new(stores: dict[str, str]):
    with Server(env=stores) as server:
        assert server.request("GET", "/readyz").json()["checks"]["migrations"] == "ok"
        server.shell(FROM_THE_FUTURE)
        wait_until(  # it is shared for a second
            lambda: server.request("GET", "/readyz").status != 200, seconds=10, what="it says so"
        )
        answer = server.request("GET", "/readyz")
        assert (answer.status, answer.json()["checks"]["migrations"]) == (503, "newer")
        assert "realtime.9999_needs_hoardrun_99_0_drop needs newer code" in server.log()
        refused = run_python("manage.py", "serve", "--port", "0", env=server.env, may_fail=True)
        assert refused.returncode == 1
        assert "Start that release here" in refused.stderr
