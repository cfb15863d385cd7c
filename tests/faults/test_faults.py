"""A minute of breaking things: the whole is `make faults`."""

from __future__ import annotations

import contextlib
import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from tests.faults import journal, report, truth
from tests.faults.bugs import BUGS
from tests.faults.catching_up import catch_up, until_acked
from tests.faults.checker import check
from tests.faults.cluster import Clients, Cluster
from tests.faults.run import Plan, committed, percentile, run
from tests.services.ports import PATIENCE, wait_until

pytestmark = pytest.mark.servers

WAIT_SECONDS = 0.1  # what a transaction that waits for Redis takes longer, at least
Call = tuple[float, float]  # when it began, and the seconds that it took


@contextlib.contextmanager
def scene(folder: Path, **env: str) -> Iterator[tuple[Cluster, Clients]]:
    """Two nodes, 24 devices, and two producers at work."""
    with contextlib.closing(
        Cluster(store="postgres", nodes=2, users=16, folder=folder, env=env)
    ) as cluster:
        cluster.start()
        urls = [node.url for node in cluster.nodes]
        with Clients("c0", cluster, urls, 0, 24, seed=1) as clients:
            for number in range(2):
                cluster.produce(f"p{number}", number, 30.0)
            wait_until(lambda: committed(cluster) > 40, seconds=20, what="producers publish")
            yield cluster, clients


def finish(cluster: Cluster, clients: Clients) -> None:
    """Stop the producers, and let every device catch up."""
    cluster.stop_producers()
    assert catch_up(cluster, [clients], 20 * PATIENCE)
    until_acked([clients])
    clients.end()


@pytest.mark.parametrize(
    "plan",
    [
        Plan(
            seed=11, nodes=2, clients=40, rate=100, faults=10,
            nemeses=[
                "node-kill", "node-freeze", "redis-kill", "redis-client-kill", "postgres-kill",
                "link-reset", "link-slice", "clients-drop", "producer-kill", "standby-promote",
            ],
        ),
        Plan(
            seed=12, store="sqlite", clients=20, rate=50, faults=5,
            nemeses=["node-kill", "producer-kill", "clients-drop"],
        ),
        pytest.param(
            Plan(
                seed=13, pooled=True, nodes=2, clients=40, rate=100, faults=8,
                nemeses=[
                    "pgbouncer-kill", "pgbouncer-restart", "pgbouncer-freeze", "pgbouncer-pause",
                    "pgbouncer-reconnect", "postgres-kill", "node-kill", "link-reset",
                ],
            ),
            marks=pytest.mark.pooler,
        ),
        pytest.param(
            Plan(
                seed=14, redis="sentinel", nodes=2, clients=40, rate=100, faults=2,
                nemeses=["sentinel-kill-master", "sentinel-freeze-master"],
            ),
            marks=pytest.mark.operation,
        ),
        pytest.param(
            Plan(
                seed=15, redis="shards", nodes=2, clients=40, rate=100, faults=2,
                nemeses=["shard-freeze", "shard-kill"],
            ),
            marks=pytest.mark.operation,
        ),
    ],
    ids=["postgres", "sqlite", "pgbouncer", "sentinel", "shards"],
)  # fmt: skip
def test_no_event_is_lost_under_faults(plan: Plan, tmp_path: Path) -> None:
    outcome = run(plan, tmp_path)
    assert outcome.clean, report.as_text(report.as_json(outcome))
    assert outcome.checker.verdict.figures["delivered"] > 100


@pytest.mark.long
def test_a_deaf_node_delivers_within_six_seconds_and_heals_by_itself(tmp_path: Path) -> None:
    with scene(tmp_path) as (cluster, clients):
        cluster.nodes[0].proxies["redis"].deafen()  # and no side ever closes that link

        def rebuilt() -> bool:
            with psycopg.connect(cluster.database_url) as connection:
                row = connection.execute("SELECT max(layer_rebuilt) FROM realtime_node").fetchone()
            return bool(row and row[0])

        wait_until(rebuilt, seconds=12, what="the node notices that it hears nothing")
        assert catch_up(cluster, [clients], 10 * PATIENCE)
        healed_at, before = time.monotonic(), committed(cluster)
        wait_until(lambda: committed(cluster) > before + 100, seconds=20, what="more is published")
        finish(cluster, clients)
        checker = check(cluster.database_url, tmp_path)
    assert checker.verdict.clean, checker.verdict.examples
    assert checker.latencies()[-1] < 6 * PATIENCE
    later = checker.latencies(since=healed_at)
    assert later, "nothing was published after the node had healed"
    assert percentile(later, 0.9) < 1 * PATIENCE


_STAFF = """
from django.contrib.auth.models import User
from rest_framework_simplejwt.tokens import AccessToken
print(AccessToken.for_user(User.objects.create(username="staff", is_staff=True, is_superuser=True)))
"""


@contextlib.contextmanager
def requesting(cluster: Cluster) -> Iterator[list[Call]]:
    """Have staff notify a customer, by requests of a node, and note how long each takes."""
    token = cluster.manage("shell", "-v0", "-c", _STAFF).strip()
    server, user_id = cluster.nodes[0].server, cluster.user_ids[0]
    assert server is not None
    calls: list[Call] = []
    done = threading.Event()

    def work() -> None:
        for number in itertools.count():
            title = journal.canary(user_id, "request", number)
            body = {"user_id": user_id, "title": title, "message": truth.ROW_MESSAGE}
            began = time.monotonic()
            answer = server.request("POST", "/api/v1/notifications", json=body, token=token)
            calls.append((began, time.monotonic() - began))
            assert answer.status == 201, answer
            if done.wait(0.1):
                return

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            yield calls
        finally:
            done.set()
        working.result()


def transactions(folder: Path) -> list[Call]:
    """Read how long those of the producers took that have committed."""
    lines = (line for path in folder.glob("ledger-*.jsonl") for line in journal.read(path))
    return [(line[1] - line[2], line[2]) for line in lines if line[0] == "call"]


@pytest.mark.long
@pytest.mark.operated(number=20)
def test_a_redis_that_freezes_and_restarts_holds_up_no_transaction_and_loses_nothing(
    tmp_path: Path,
) -> None:
    with scene(tmp_path) as (cluster, clients):
        assert cluster.redis is not None
        with requesting(cluster) as requests:
            wait_until(lambda: len(requests) > 20, seconds=20, what="the usual times are known")
            before = committed(cluster)
            frozen_at = time.monotonic()
            cluster.redis.freeze()
            try:
                time.sleep(6)
                thawed_at = time.monotonic()
                during = committed(cluster) - before
            finally:
                cluster.redis.thaw()
            for _ in range(3):  # in a row, as of a rolling update
                cluster.redis.stop()
                cluster.redis.start()
        finish(cluster, clients)
        checker = check(cluster.database_url, tmp_path)
    assert checker.verdict.clean, checker.verdict.examples
    assert during > 100, "publishing went on"
    assert checker.verdict.figures["longest_call"] < 1 * PATIENCE
    for calls in (requests, transactions(tmp_path)):
        usual = [seconds for began, seconds in calls if began < frozen_at]
        frozen = [seconds for began, seconds in calls if frozen_at <= began < thawed_at]
        assert len(usual) > 5
        assert len(frozen) > 10
        # The limit grows on a machine whose usual commits take long, which vary as much.
        assert statistics.median(frozen) < 2 * statistics.median(usual) + WAIT_SECONDS
        assert max(frozen) < 1 * PATIENCE
    assert checker.latencies()[-1] < 10 * PATIENCE  # by the reconcile, each 5 s


@pytest.mark.long
@pytest.mark.parametrize("name", ["early-wake-up"])
def test_the_checker_sees_a_bug(name: str, tmp_path: Path) -> None:
    from dataclasses import replace

    outcome = run(replace(BUGS[name].plan, bug=name, seed=1), tmp_path)
    assert not outcome.checker.verdict.clean
