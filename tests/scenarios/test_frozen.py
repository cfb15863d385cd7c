"""A node that freezes: the others see it, its users go elsewhere, and it comes back clean."""

from __future__ import annotations

from signal import SIGCONT, SIGSTOP

import pytest

from tests.nodes import ALICE, USERS, connect, push_balance, reported
from tests.services.ports import until
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]


def nodes(server: Server, kind: str) -> set[int]:
    """Return the processes of the live nodes, or of the stale ones, as this server knows them."""
    return {node["pid"] for node in reported(server)[kind]}


@pytest.mark.operated(number=7)
async def test_a_frozen_node_is_noticed_left_and_comes_back_clean(
    postgres: Postgres, redis: Redis
) -> None:
    env = {"DEBUG": "1", "DATABASE_URL": postgres.migrated("frozen"), "REDIS_URL": redis.url}
    with Server(env=env, prepare=USERS) as one, Server(env=env, migrate=False) as other:
        await until(lambda: nodes(other, "nodes") == {one.pid, other.pid}, seconds=30)
        held = await connect(one, ALICE, device="held")
        one.signal(SIGSTOP)
        try:
            await until(lambda: one.pid in nodes(other, "stale_nodes"), seconds=60)
            moved = await connect(other, ALICE, device="moved")
            sent = push_balance(other, ALICE, 1)
            assert (await moved.receive("balance_update"))["offset"] == sent["offset"]
        finally:
            one.signal(SIGCONT)
        await until(lambda: nodes(other, "nodes") == {one.pid, other.pid}, seconds=60)
        assert nodes(other, "stale_nodes") == set()
        late = await held.receive("balance_update")  # it was kept for the one that stayed
        assert late["offset"] == sent["offset"]
        after = push_balance(one, ALICE, 2)
        for client in (held, moved):
            assert (await client.receive("balance_update"))["offset"] == after["offset"]
        assert "Traceback" not in one.log()
