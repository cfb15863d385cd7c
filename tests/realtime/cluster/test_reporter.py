"""What nodes report of themselves, in the database's time, and what they conclude of others."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
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
from realtime.cluster.reporter import ClusterReporter
from realtime.db import threads
from realtime.hub.hub import Hub
from realtime.hub.socket import Peer, Socket
from realtime.models import Connection, Node
from realtime.options import Options
from realtime.protocol.codes import CloseCode
from tests.realtime.rig import Held, connected

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
async def own() -> AsyncIterator[Hub]:
    yield Hub(Options(max_connections_per_user=1))


def attach(own: Hub, user_id: int) -> Socket:
    """Connect a user to a node."""
    socket, _ = connected(own, secrets.token_hex(8), Peer("192.0.2.1", "test"))
    socket.connection.user_id = user_id
    own.sockets.attach(socket)
    return socket


@sync_to_async
def rows() -> list[Node]:
    return list(Node.objects.all())


@sync_to_async
def cluster() -> registry.Cluster:
    return registry.cluster()


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
async def test_a_node_reports_in_the_databases_time_with_any_clock(
    own: Hub, wrong_clock: Callable[[timedelta], None], ahead: timedelta, user_id: int
) -> None:
    attach(own, user_id)
    before = await threads.run(clock.now)
    wrong_clock(ahead)
    await ClusterReporter(own).report()
    after = await threads.run(clock.now)
    [row] = await rows()
    assert before <= row.seen_at <= after
    assert row.started_at <= row.seen_at
    opened = await sync_to_async(Connection.objects.get)()
    assert before - timedelta(minutes=1) < opened.opened_at <= after
    assert [found.id for found in (await cluster()).nodes] == [own.node_id]
    assert await sync_to_async(registry.connections().count)() == 1


async def test_a_dead_node_whose_clock_was_ahead_closes_no_socket(
    own: Hub, wrong_clock: Callable[[timedelta], None], user_id: int
) -> None:
    wrong_clock(HOUR)
    dying = Hub(Options(max_connections_per_user=1))
    attach(dying, user_id)
    await ClusterReporter(dying).report()
    wrong_clock(timedelta())
    passed = registry.ALIVE_WITHIN + timedelta(seconds=1)
    await Node.objects.filter(pk=dying.node_id).aupdate(seen_at=F("seen_at") - passed)
    socket = attach(own, user_id)
    await ClusterReporter(own).report()
    found = await cluster()
    assert ([n.id for n in found.nodes], [n.id for n in found.stale]) == (
        [own.node_id],
        [dying.node_id],
    )
    assert socket.close_code is None


async def test_the_older_socket_closes_though_the_clock_of_its_node_is_ahead(
    own: Hub, wrong_clock: Callable[[timedelta], None], user_id: int
) -> None:
    other = Hub(Options(max_connections_per_user=1))
    old, new = attach(other, user_id), attach(own, user_id)
    old.opened_at -= 60
    wrong_clock(HOUR)  # the older one's node
    first = ClusterReporter(other)
    await first.report()
    wrong_clock(timedelta())
    await ClusterReporter(own).report()
    await first.report()
    assert (old.close_code, new.close_code) == (CloseCode.TOO_MANY_CONNECTIONS, None)


async def test_each_node_closes_its_surplus_sockets_that_the_other_found(user_id: int) -> None:
    most = 2
    hubs = [Hub(Options(max_connections_per_user=most)) for _ in range(2)]
    reporters = [ClusterReporter(each) for each in hubs]
    sockets = [attach(hubs[0], user_id) for _ in range(most)]
    for old in sockets:
        old.opened_at -= 60
    await reporters[0].report()
    sockets += [attach(hubs[1], user_id) for _ in range(most)]
    await reporters[1].report()
    await reporters[0].report()
    assert [socket.close_code for socket in sockets] == [CloseCode.TOO_MANY_CONNECTIONS] * 2 + [
        None
    ] * 2
    for each, socket in zip((0, 0, 1, 1), sockets, strict=True):
        hubs[each].detach(socket)
    for reporter in reporters:
        await reporter.report()
    assert await sync_to_async(Connection.objects.count)() == 0


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


async def test_a_report_without_changes_visits_no_socket_and_no_user(
    own: Hub, user_id: int
) -> None:
    attach(own, user_id)
    await ClusterReporter(
        Hub(Options())
    ).report()  # another node, or there would be nothing to count
    reporter = ClusterReporter(own)
    await reporter.report()
    own.sockets.users = Untouched(own.sockets.users)
    with queries_of("_surplus") as found:
        await reporter.report()
    [sql] = found
    assert "is_surplus" in sql  # an index that holds nothing else answers it
    assert await sync_to_async(Connection.objects.count)() == 1


async def test_a_node_missing_from_the_table_lists_all_its_sockets_again(
    own: Hub, user_id: int
) -> None:
    attach(own, user_id)
    reporter = ClusterReporter(own)
    await reporter.report()
    await sync_to_async(Node.objects.all().delete)()
    for _ in range(2):
        await reporter.report()
    assert await sync_to_async(Connection.objects.count)() == 1


async def test_a_socket_that_leaves_after_such_a_list_is_removed(own: Hub, user_id: int) -> None:
    attach(own, user_id)
    reporter = ClusterReporter(own)
    await reporter.report()
    await sync_to_async(Node.objects.all().delete)()
    new = attach(own, 7)
    await reporter.report()
    own.detach(new)
    await reporter.report()
    left = await sync_to_async(lambda: set(Connection.objects.values_list("pk", flat=True)))()
    assert left == {socket.connection.id for socket in own.sockets}


async def test_a_node_counts_all_its_users_after_a_report_that_took_too_long(
    own: Hub, monkeypatch: pytest.MonkeyPatch, user_id: int
) -> None:
    """The others took it for dead while its report, with an old time, was not yet committed."""
    old = attach(own, user_id)
    old.opened_at -= 60
    slow = ClusterReporter(own)
    await slow.report()
    other = Hub(Options(max_connections_per_user=1))
    attach(other, user_id)
    store, patience = node._store, registry.ALIVE_WITHIN.total_seconds()
    now = time.monotonic
    late = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now() + late[0])

    def stuck(report: Any) -> bool:
        late[0] += 0.7 * patience
        return store(report)

    monkeypatch.setattr(node, "_store", stuck)
    await slow.report()
    monkeypatch.setattr(node, "_store", store)
    await sync_to_async(Node.objects.update)(seen_at=F("seen_at") - 2 * registry.ALIVE_WITHIN)
    await ClusterReporter(other).report()  # which counts the other one's for nothing
    late[0] += 0.5 * patience
    await slow.report()
    assert old.close_code is CloseCode.TOO_MANY_CONNECTIONS


async def test_a_node_that_was_silent_counts_all_its_users(own: Hub, user_id: int) -> None:
    old = attach(own, user_id)
    old.opened_at -= 60
    frozen = ClusterReporter(own)
    await frozen.report()
    await sync_to_async(Node.objects.update)(seen_at=F("seen_at") - 2 * registry.ALIVE_WITHIN)
    other = Hub(Options(max_connections_per_user=1))
    attach(other, user_id)
    await ClusterReporter(other).report()  # which counts the other one's for nothing
    assert frozen._reported_at is not None
    frozen._reported_at -= 2 * registry.ALIVE_WITHIN.total_seconds()
    await frozen.report()
    assert old.close_code is CloseCode.TOO_MANY_CONNECTIONS


async def test_a_report_is_one_transaction(own: Hub, user_id: int) -> None:
    reporter = ClusterReporter(own)
    left = attach(own, user_id)
    await reporter.report()
    own.detach(left)
    attach(own, user_id)
    stream = f"user:{user_id}"
    await sync_to_async(log.ensure)([stream])
    own.reached[stream, 1] += 3
    with queries_of("_store") as found:
        await reporter.report()
    changes = [sql for sql in found if sql.startswith(("UPDATE", "INSERT", "DELETE", "WITH"))]
    assert len(changes) >= 4  # the node, one connection less, one more, and the event
    assert sum(sql.startswith("BEGIN") for sql in found) == 1
    assert sum(sql.startswith("COMMIT") for sql in found) == 1
    assert not any("SAVEPOINT" in sql for sql in found)


async def test_a_report_that_fails_half_way_writes_nothing_and_is_repeated(
    own: Hub, monkeypatch: pytest.MonkeyPatch, user_id: int
) -> None:
    attach(own, user_id)
    own.reached["announcements", 1] += 3

    def fail(counts: object) -> None:
        raise OSError("away")

    reporter = ClusterReporter(own)
    with monkeypatch.context() as patch:
        patch.setattr(log, "add_reached", fail)
        await reporter.report()
    assert await rows() == []
    assert own.reached == {("announcements", 1): 3}
    await reporter.report()
    assert len(await rows()) == await sync_to_async(Connection.objects.count)() == 1


async def test_a_node_that_leaves_during_a_report_stays_removed(
    own: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Held(node._store)
    reporter = ClusterReporter(own)
    monkeypatch.setattr(node, "_store", slow)
    running = asyncio.create_task(reporter.run())
    await slow.called()
    running.cancel()  # as the hub does when it stops
    leaving = asyncio.create_task(reporter.leave())
    await asyncio.wait([leaving], timeout=0.2)
    assert not leaving.done()  # it waits for what the thread still writes
    slow.may_go_on.set()
    await leaving
    assert await rows() == []


async def test_a_node_leaves_in_time_while_the_database_hangs(
    own: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hanging = Held(lambda report: True)
    monkeypatch.setattr(node, "_store", hanging)
    monkeypatch.setattr(node, "LEAVE_SECONDS", 0.05)
    async with asyncio.timeout(5):
        await ClusterReporter(own).leave()
    hanging.may_go_on.set()
    assert "not deleted from the registry" in caplog.text
