"""The reports of nodes, in the database's time, and their conclusions about other nodes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from realtime import clock, log, registry
from realtime.cluster import reporter as node
from realtime.db import threads
from realtime.hub.socket import Socket
from realtime.models import Connection, Node
from realtime.protocol.codes import CloseCode
from tests.realtime.rig import Held, Member

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
async def own() -> Member:
    return Member()


@pytest.fixture
async def other() -> Member:
    return Member()


@sync_to_async
def cluster() -> registry.Cluster:
    return registry.cluster()


def grow_old(nodes: Any, by: timedelta = 2 * registry.ALIVE_WITHIN) -> Any:
    """Let nodes have reported so long ago that the others take them for dead."""
    return nodes.aupdate(seen_at=F("seen_at") - by)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
async def test_a_node_reports_in_the_databases_time_with_any_clock(
    own: Member, wrong_clock: Callable[[timedelta], None], ahead: timedelta, user_id: int
) -> None:
    own.attach(user_id)
    before = await threads.run(clock.now)
    wrong_clock(ahead)
    await own.report()
    after = await threads.run(clock.now)
    row = await Node.objects.aget()
    assert before <= row.seen_at <= after
    assert row.started_at <= row.seen_at
    opened = await Connection.objects.aget()
    assert before - timedelta(minutes=1) < opened.opened_at <= after
    assert [found.id for found in (await cluster()).nodes] == [own.hub.node_id]
    assert await sync_to_async(registry.connections().count)() == 1


async def test_a_dead_node_whose_clock_was_ahead_closes_no_socket(
    own: Member, other: Member, wrong_clock: Callable[[timedelta], None], user_id: int
) -> None:
    wrong_clock(HOUR)
    other.attach(user_id)
    await other.report()
    wrong_clock(timedelta())
    dying = Node.objects.filter(pk=other.hub.node_id)
    await grow_old(dying, by=registry.ALIVE_WITHIN + timedelta(seconds=1))
    socket = own.attach(user_id)
    await own.report()
    found = await cluster()
    assert [node.id for node in found.nodes] == [own.hub.node_id]
    assert [node.id for node in found.stale] == [other.hub.node_id]
    assert socket.close_code is None


async def test_the_older_socket_closes_though_the_clock_of_its_node_is_ahead(
    own: Member, other: Member, wrong_clock: Callable[[timedelta], None], user_id: int
) -> None:
    old, new = other.attach(user_id, seconds_ago=60), own.attach(user_id)
    wrong_clock(HOUR)  # the older one's node
    await other.report()
    wrong_clock(timedelta())
    await own.report()
    await other.report()
    assert (old.close_code, new.close_code) == (CloseCode.TOO_MANY_CONNECTIONS, None)


async def test_each_node_closes_its_surplus_sockets_that_the_other_found(user_id: int) -> None:
    most = 2
    one, two = Member(most), Member(most)
    old = [one.attach(user_id, seconds_ago=60) for _ in range(most)]
    await one.report()
    new = [two.attach(user_id) for _ in range(most)]
    await two.report()
    await one.report()
    assert [socket.close_code for socket in old] == [CloseCode.TOO_MANY_CONNECTIONS] * most
    assert [socket.close_code for socket in new] == [None] * most
    for member, sockets in ((one, old), (two, new)):
        for socket in sockets:
            member.hub.detach(socket)
        await member.report()
    assert await Connection.objects.acount() == 0


@contextmanager
def queries_of(step: str) -> Iterator[list[str]]:
    """List the queries that one function of the reporter makes."""
    found: list[str] = []
    function = getattr(node, step)

    def noting(*given: Any) -> Any:
        with CaptureQueriesContext(connection) as queries:
            answer = function(*given)
        found.extend(query["sql"] for query in queries)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(node, step, noting)
        yield found


class Untouched(dict[int, dict[Socket, None]]):
    """The users of a hub, over which iteration is an error."""

    def __iter__(self) -> NoReturn:
        raise AssertionError("a report costs by its changes")

    items = values = keys = __iter__


@pytest.mark.operated(number=12)
async def test_a_report_without_changes_visits_no_socket_and_no_user(
    own: Member, other: Member, user_id: int
) -> None:
    own.attach(user_id)
    await other.report()  # without another node there would be nothing to count
    await own.report()
    own.hub.sockets.users = Untouched(own.hub.sockets.users)
    with queries_of("surplus") as found:
        await own.report()
    [sql] = found
    assert "is_surplus" in sql  # an index that holds nothing else answers it
    assert await Connection.objects.acount() == 1


async def test_a_node_missing_from_the_table_lists_all_its_sockets_again(
    own: Member, user_id: int
) -> None:
    own.attach(user_id)
    await own.report()
    await Node.objects.all().adelete()
    for _ in range(2):
        await own.report()
    assert await Connection.objects.acount() == 1


async def test_a_socket_that_leaves_after_such_a_list_is_removed(own: Member, user_id: int) -> None:
    own.attach(user_id)
    await own.report()
    await Node.objects.all().adelete()
    new = own.attach(7)
    await own.report()
    own.hub.detach(new)
    await own.report()
    left = {row.pk async for row in Connection.objects.all()}
    assert left == {socket.connection.id for socket in own.hub.sockets}


async def test_a_node_counts_all_its_users_after_a_report_that_took_too_long(
    own: Member, other: Member, monkeypatch: pytest.MonkeyPatch, user_id: int
) -> None:
    """The others took it for dead while its report, with an old time, was not yet committed."""
    old = own.attach(user_id, seconds_ago=60)
    await own.report()
    other.attach(user_id)
    store, patience = node._store, registry.ALIVE_WITHIN.total_seconds()
    now = time.monotonic
    late = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now() + late[0])

    def stuck(report: Any) -> tuple[bool, int]:
        late[0] += 0.7 * patience
        return store(report)

    with monkeypatch.context() as patch:
        patch.setattr(node, "_store", stuck)
        await own.report()
    await grow_old(Node.objects)
    await other.report()  # which counts the other one's for nothing
    late[0] += 0.5 * patience
    await own.report()
    assert old.close_code is CloseCode.TOO_MANY_CONNECTIONS


async def test_a_node_that_was_silent_counts_all_its_users(
    own: Member, other: Member, user_id: int
) -> None:
    old = own.attach(user_id, seconds_ago=60)
    await own.report()
    await grow_old(Node.objects)
    other.attach(user_id)
    await other.report()  # which counts the other one's for nothing
    assert own.reporter._reported_at is not None
    own.reporter._reported_at -= 2 * registry.ALIVE_WITHIN.total_seconds()
    await own.report()
    assert old.close_code is CloseCode.TOO_MANY_CONNECTIONS


async def test_a_report_is_one_transaction(own: Member, user_id: int) -> None:
    left = own.attach(user_id)
    await own.report()
    own.hub.detach(left)
    own.attach(user_id)
    stream = f"user:{user_id}"
    await sync_to_async(log.ensure)([stream])
    own.hub.reached[stream, 1] += 3
    with queries_of("_store") as found:
        await own.report()
    changes = [sql for sql in found if sql.startswith(("UPDATE", "INSERT", "DELETE", "WITH"))]
    assert len(changes) >= 4  # the node, one connection less, one more, and the event
    assert sum(sql.startswith("BEGIN") for sql in found) == 1
    assert sum(sql.startswith("COMMIT") for sql in found) == 1
    assert not any("SAVEPOINT" in sql for sql in found)


async def test_a_report_that_fails_half_way_writes_nothing_and_is_repeated(
    own: Member, monkeypatch: pytest.MonkeyPatch, user_id: int
) -> None:
    own.attach(user_id)
    own.hub.reached["announcements", 1] += 3

    def fail(counts: object) -> None:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(log, "add_reached", fail)
        await own.report()
    assert not await Node.objects.aexists()
    assert own.hub.reached == {("announcements", 1): 3}
    await own.report()
    assert await Node.objects.acount() == await Connection.objects.acount() == 1


async def test_a_node_that_leaves_during_a_report_stays_removed(
    own: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Held(node._store)
    monkeypatch.setattr(node, "_store", slow)
    running = asyncio.create_task(own.reporter.run())
    await slow.called()
    running.cancel()  # as the hub does when it stops
    leaving = asyncio.create_task(own.reporter.leave())
    await asyncio.wait([leaving], timeout=0.2)
    assert not leaving.done()  # it waits for what the thread still writes
    slow.may_go_on.set()
    await leaving
    assert not await Node.objects.aexists()


async def test_a_node_leaves_in_time_while_the_database_hangs(
    own: Member, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hanging = Held(lambda report: True)
    monkeypatch.setattr(node, "_store", hanging)
    monkeypatch.setattr(node, "LEAVE_SECONDS", 0.05)
    async with asyncio.timeout(20):
        await own.reporter.leave()
    hanging.may_go_on.set()
    assert "not deleted from the registry" in caplog.text
