"""A minute of breaking things: the whole is `make faults`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults import report, truth
from tests.faults.bugs import BUGS
from tests.faults.checker import check
from tests.faults.cluster import Clients, Cluster
from tests.faults.run import Plan, percentile, run
from tests.services.ports import PATIENCE, wait_until

pytestmark = pytest.mark.servers


@contextlib.contextmanager
def scene(folder: Path, **env: str) -> Iterator[tuple[Cluster, Clients]]:
    """Two nodes, 24 devices, and two producers at work."""
    with contextlib.closing(
        Cluster(store="postgres", nodes=2, users=16, folder=folder, env=env)
    ) as cluster:
        cluster.start()
        clients = Clients("c0", cluster, [node.url for node in cluster.nodes], 0, 24, seed=1)
        try:
            clients.ready()
            for number in range(2):
                cluster.produce(f"p{number}", number, 30.0)
            wait_until(lambda: committed(cluster) > 40, seconds=20, what="producers publish")
            yield cluster, clients
        finally:
            clients.close()


def committed(cluster: Cluster) -> int:
    return sum(head for _, head in truth.heads(cluster.database_url).values())


def finish(cluster: Cluster, clients: Clients) -> None:
    """Stop the producers, and let every device catch up."""
    cluster.stop_producers()
    wanted = truth.heads(cluster.database_url)

    def all_caught_up() -> bool:
        return all(
            offset >= wanted.get(stream, ("", 0))[1]
            for places in clients.ask("positions")["devices"].values()
            for stream, (_, offset) in places.items()
        )

    wait_until(all_caught_up, seconds=20, what="every device catches up")
    time.sleep(1)  # for acks, which are stored in batches
    clients.ask("stop")


@pytest.mark.parametrize(
    "plan",
    [
        Plan(
            seed=11, nodes=2, clients=40, rate=100, faults=9,
            nemeses=[
                "node-kill", "node-freeze", "redis-kill", "redis-client-kill", "postgres-kill",
                "link-reset", "link-slice", "clients-drop", "producer-kill",
            ],
        ),
        Plan(
            seed=12, store="sqlite", clients=20, rate=50, faults=5,
            nemeses=["node-kill", "producer-kill", "clients-drop"],
        ),
    ],
    ids=["postgres", "sqlite"],
)  # fmt: skip
def test_nothing_is_lost_whatever_breaks(plan: Plan, tmp_path: Path) -> None:
    outcome = run(plan, tmp_path)
    assert outcome.clean, report.as_text(report.as_json(outcome))
    assert outcome.checker.verdict.figures["delivered"] > 100


def test_a_deaf_node_delivers_within_six_seconds_and_heals_by_itself(tmp_path: Path) -> None:
    with scene(tmp_path) as (cluster, clients):
        cluster.nodes[0].proxies["redis"].deafen()  # and nobody ever closes that link

        def rebuilt() -> bool:
            with psycopg.connect(cluster.database_url) as connection:
                row = connection.execute("SELECT max(layer_rebuilt) FROM realtime_node").fetchone()
            return bool(row and row[0])

        wait_until(rebuilt, seconds=12, what="the node notices that it hears nothing")
        time.sleep(1)
        healed_at = time.monotonic()
        time.sleep(3)
        finish(cluster, clients)
        checker = check(cluster.database_url, tmp_path)
    assert checker.verdict.clean, checker.verdict.examples
    assert checker.latencies()[-1] < 6 * PATIENCE
    later = checker.latencies(since=healed_at)
    assert later, "nothing was published after the node had healed"
    assert percentile(later, 0.9) < 1 * PATIENCE


def test_a_frozen_redis_holds_up_no_transaction_and_loses_nothing(tmp_path: Path) -> None:
    with scene(tmp_path) as (cluster, clients):
        assert cluster.redis is not None
        before = committed(cluster)
        cluster.redis.freeze()
        time.sleep(6)
        during = committed(cluster) - before
        cluster.redis.thaw()
        finish(cluster, clients)
        checker = check(cluster.database_url, tmp_path)
    assert checker.verdict.clean, checker.verdict.examples
    assert during > 100, "publishing went on"
    assert checker.verdict.figures["longest_call"] < 1 * PATIENCE
    assert checker.latencies()[-1] < 7 * PATIENCE  # by the reconcile


@pytest.mark.parametrize("name", ["early-wake-up"])
def test_the_checker_sees_a_bug(name: str, tmp_path: Path) -> None:
    from dataclasses import replace

    outcome = run(replace(BUGS[name].plan, bug=name, seed=1), tmp_path)
    assert not outcome.checker.verdict.clean
