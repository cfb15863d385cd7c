"""Numbers of a real server: they are those that its clients count, and cost its sockets nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime.meters import fleet
from tests.nodes import ALICE, BOB, USERS, connect, push_balance, token_for
from tests.services import metrics
from tests.services.client import Client
from tests.services.ports import free_port, free_ports, until, wait_until
from tests.services.redis import Redis
from tests.services.server import Server

pytestmark = pytest.mark.servers

WORKERS = 2


@pytest.fixture(scope="module")
def first_port() -> int:
    return free_ports(WORKERS)


@pytest.fixture(scope="module")
def server(redis: Redis, first_port: int) -> Iterator[Server]:
    env = {
        "REDIS_URL": redis.url,
        "METRICS_PORT": str(first_port),
        "METRICS_CLIENTS": "acme-ios",
        "WS_HEARTBEAT_SECONDS": "1",
    }
    with Server(env=env, workers=WORKERS, prepare=USERS) as server:
        wait_until(metrics.answers(first_port, WORKERS), seconds=20, what="both workers answer")
        yield server


def grown(before: metrics.Scrape, after: metrics.Scrape, name: str, *labels: str) -> Counter[str]:
    """Say by how much a counter has grown, by the values of labels."""
    then = before.by(name, *labels)
    differences = {
        " ".join(key): int(value - then.get(key, 0))
        for key, value in after.by(name, *labels).items()
    }
    return Counter({key: value for key, value in differences.items() if value})


async def test_what_is_counted_is_what_the_clients_have_seen(
    server: Server, first_port: int
) -> None:
    before = metrics.scrape(first_port, WORKERS)
    closed = Counter[str]()
    clients: list[Client] = []
    for number in range(10):
        agent = {"User-Agent": "acme-ios/3.1 (iPhone)" if number < 3 else "Mozilla/5.0"}
        device = "phone" if number == 0 else None
        clients.append(await connect(server, ALICE, device=device, headers=agent))
    await clients[0].join("market_data:TEST")
    await clients[1].request(type="subscribe_notifications", types=["transaction"])
    for number in range(20):
        await asyncio.to_thread(push_balance, server, ALICE, number)
    for client in (clients[0], *clients[2:]):
        for _ in range(20):
            await client.receive("balance_update")
    await clients[0].request(type="ack", stream=f"user:{ALICE}", offset=16)
    await clients[2].send("no JSON")
    await clients[2].receive("error")

    # Ends: by the client, by the server, by the network; one login fails.
    await clients[3].connection.close(1001)
    closed["1001 client"] += 1
    await clients[4].connection.send(b"binary")
    closed[f"{await clients[4].until_closed()} server"] += 1
    clients[5].drop()
    closed["1006 network"] += 1
    stranger = await Client.open(server.ws_url, token="bad")
    closed[f"{await stranger.until_closed()} server"] += 1
    clients[0].drop()  # resumed below, from its acknowledgement
    closed["1006 network"] += 1
    back = await connect(server, ALICE, device="phone")
    for _ in range(4):
        await back.receive("balance_update")
    lost = await connect(server, BOB, since={f"user:{BOB}": 0}, epoch="another")
    await lost.receive("resync_required")
    clients += [stranger, back, lost]
    left = [client for n, client in enumerate(clients) if n not in {0, 3, 4, 5, 10}]
    for client in left:
        await client.ping()  # all that was sent has come
        await client.close()
        closed["1000 client"] += 1

    def over() -> bool:
        found = metrics.scrape(first_port, WORKERS)
        ended = grown(before, found, "connections_closed_total", "code", "by")
        return ended.total() == len(clients)

    await asyncio.to_thread(wait_until, over, seconds=10, what="all sockets have ended")
    after = metrics.scrape(first_port, WORKERS)
    assert grown(before, after, "connections_closed_total", "code", "by") == closed
    assert after("connections") == 0
    assert after("users") == 0
    opened = grown(before, after, "connections_opened_total", "client")
    assert opened == {"acme-ios": 3, "browser": 7, "other": 3}

    received = Counter(message["type"] for client in clients for message in client.journal)
    sent = grown(before, after, "messages_sent_total", "type")
    assert received["balance_update"] == 20 * 9 + 4
    kinds = ("balance_update", "connection_established", "error", "room_joined", "pong", "acked")
    for kind in kinds:
        assert sent[kind] == received[kind], kind
    asked = grown(before, after, "messages_received_total", "type")
    assert asked["join_room"] == asked["subscribe_notifications"] == asked["ack"] == 1
    assert asked["invalid"] == 2
    assert asked["ping"] == len(left)
    assert grown(before, after, "errors_sent_total", "code")["invalid_json"] == 1
    assert grown(before, after, "login_failures_total", "reason") == {"credential": 1}
    resumed = grown(before, after, "resumes_total", "outcome")
    assert resumed == {"replayed": 1, "live": 1, "epoch": 1}
    assert grown(before, after, "replayed_events_sum") == {"": 4}
    assert after("login_seconds_count") - before("login_seconds_count") == len(clients) - 1
    assert after("delivery_seconds_count", kind="durable") > 0
    assert after("acked_seconds_count") == 1
    assert after("events_found_by_reconcile_total") == 0
    assert grown(before, after, "published_total", "type")["balance_update"] == 20


async def test_pings_are_timed(server: Server, first_port: int) -> None:
    client = await connect(server, ALICE)
    reading = asyncio.ensure_future(client.until_next(30))
    await until(lambda: metrics.scrape(first_port, WORKERS)("ping_seconds_count") > 0, seconds=20)
    await client.close()
    await reading


def test_every_name_follows_the_rules(server: Server, first_port: int) -> None:
    found = metrics.scrape(first_port, WORKERS)
    assert len(found.types) > 40
    shared = {meter.full_name for meter in fleet.meters()}
    assert "hoardrun_log_events" in found.types  # from one of the two
    for name, kind in found.types.items():
        own = {
            sample: labels
            for sample, values in found.samples.items()
            for labels, _ in values
            if sample.removesuffix("_total").removesuffix("_bucket") == name
        }
        assert not name.endswith(("_ms", "_milliseconds", "_kilobytes", "_total"))
        if name.startswith("hoardrun_"):
            assert kind in {"counter", "gauge", "histogram"}
            for sample, labels in own.items():
                assert (kind == "counter") == sample.endswith("_total"), sample
                assert ({"node", "worker"} <= labels.keys()) == (name not in shared), sample
                assert not {"user", "stream", "address", "path"} & labels.keys()
    workers = {key[0] for key in found.by("connection_limit", "worker")}
    assert workers == {"0", "1"}


def test_the_public_port_does_not_serve_them(server: Server) -> None:
    assert server.request("GET", "/metrics").status == 404


def test_metrics_and_probes_alone_are_served_and_only_to_be_read(
    server: Server, first_port: int
) -> None:
    assert metrics.get(first_port, path="/").status == 404
    for path in ("/healthz", "/readyz"):
        private, public = metrics.get(first_port, path=path), server.request("GET", path)
        assert (private.status, private.json()) == (public.status, public.json())
    with socket.create_connection(("127.0.0.1", first_port)) as peer:
        peer.sendall(b"POST /metrics HTTP/1.1\r\n\r\n")
        assert peer.recv(100).startswith(b"HTTP/1.1 405 ")


async def test_a_stranger_and_a_slow_reader_hurt_no_socket(server: Server, first_port: int) -> None:
    with contextlib.ExitStack() as stack:
        for request in (b"", b"GET /metrics HTTP/1.1\r\n", b"x" * 100_000, b"\r\n\r\n" * 1000):
            for number in range(WORKERS):
                for _ in range(30):  # most of them are more than the port takes
                    peer = stack.enter_context(socket.socket())
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                    peer.connect(("127.0.0.1", first_port + number))
                    with contextlib.suppress(OSError):
                        peer.sendall(request)
        client = await connect(server, ALICE)
        for number in range(5):
            await asyncio.to_thread(push_balance, server, ALICE, number)
            await client.receive("balance_update")
        await client.close()
        assert server.request("GET", "/healthz").status == 200
    wait_until(metrics.answers(first_port, WORKERS), seconds=10, what="scrapes are answered again")


@pytest.mark.operated(number=11)
async def test_a_worker_that_dies_takes_its_sockets_along_and_a_new_one_begins_at_zero(
    server: Server, first_port: int
) -> None:
    clients = [await connect(server, ALICE if n % 2 else BOB) for n in range(8)]
    before = [metrics.scrape(first_port + number) for number in range(WORKERS)]
    assert sum(found("connections") for found in before) == len(clients)
    dies = max(range(WORKERS), key=lambda n: before[n]("connections"))
    stays = 1 - dies
    pids = {node["pid"] for node in _nodes(server)}
    victim = next(p for p in pids if _listens(p, first_port + dies))
    os.kill(victim, signal.SIGKILL)

    def replaced() -> bool:
        try:
            found = metrics.scrape(first_port + dies)
        except OSError:
            return False
        return found("connections") == 0

    await asyncio.to_thread(wait_until, replaced, seconds=30, what="a new worker answers")
    new = metrics.scrape(first_port + dies)
    assert new.by("connection_limit", "worker").keys() == {(str(dies),)}
    assert new("connections_opened_total") <= before[dies]("connections_opened_total")
    assert (
        new.samples["process_start_time_seconds"]
        > before[dies].samples["process_start_time_seconds"]
    )
    kept = metrics.scrape(first_port + stays)
    assert kept("connections") == before[stays]("connections")
    for name in kept.samples:
        if name.endswith("_total"):
            short = name.removeprefix("hoardrun_")
            assert kept(short) >= before[stays](short), name
    for client in clients:
        with contextlib.suppress(Exception):
            await client.close()


def _nodes(server: Server) -> list[dict[str, int]]:
    answer = server.request("GET", "/ws/stats", token=token_for(3))
    return list(answer.json()["data"]["nodes"])


def _listens(pid: int, port: int) -> bool:
    """Say whether a process listens on a port, by the files that Linux shows of it."""
    inodes = {
        fields[9]
        for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        if fields[1].endswith(f":{port:04X}") and fields[3] == "0A"
    }
    links = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            links.add(os.readlink(f"/proc/{pid}/fd/{name}"))
    return any(f"socket:[{inode}]" in links for inode in inodes)


def test_a_token_is_asked_for() -> None:
    port = free_port()
    with Server(env={"METRICS_PORT": str(port), "METRICS_TOKEN": "s3cret-of-the-scraper"}):
        wait_until(lambda: _status(port) == 401, seconds=10, what="a stranger is refused")
        assert _status(port, "s3cret-of-the-scrapes") == _status(port, "") == 401
        assert _status(port, "s3cret-of-the-scraper") == 200
        assert "WWW-Authenticate".lower() in metrics.get(port).headers
        assert metrics.get(port, path="/readyz").status == 200  # a probe has no token


def _status(port: int, token: str | None = None) -> int:
    try:
        return metrics.get(port, token=token).status
    except OSError:
        return 0


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_other_servers_have_numbers_too(kind: str) -> None:
    port = free_port()
    with Server(kind, env={"DEBUG": "1", "METRICS_PORT": str(port)}):  # type: ignore[arg-type]
        wait_until(metrics.answers(port), seconds=10, what="metrics are served")


def test_it_tells_what_a_process_cannot_use(server: Server, first_port: int, redis: Redis) -> None:
    def found() -> dict[str, float]:
        by = metrics.scrape(first_port).samples["hoardrun_check_ok"]
        return {labels["check"]: value for labels, value in by}

    wait_until(lambda: set(found().values()) == {1.0}, seconds=20, what="all is well")
    redis.freeze()
    try:
        wait_until(lambda: found()["channel_layer"] == 0, seconds=20, what="Redis is missed")
        assert found()["database"] == found()["migrations"] == 1
        assert server.request("GET", "/readyz").status == 200
    finally:
        redis.thaw()
    wait_until(lambda: set(found().values()) == {1.0}, seconds=20, what="it is back")
