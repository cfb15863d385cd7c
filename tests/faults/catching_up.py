"""Wait until every device has what is committed."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psycopg

from tests.faults import truth
from tests.faults.cluster import Clients, Cluster
from tests.services.ports import wait_until


def heads(cluster: Cluster) -> dict[str, tuple[str, int]]:
    """Read where all streams stand: epoch and offset of each."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return truth.heads(cluster.database_url)
        except psycopg.OperationalError:  # it may still recover
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def catch_up(cluster: Cluster, clients: Sequence[Clients], patience: float) -> bool:
    """Wait until every device has what is committed now, in the epochs of now.

    False when that takes too long.
    """
    wanted, deadline = heads(cluster), time.monotonic() + patience

    def is_behind() -> bool:
        return any(
            epoch != wanted[stream][0] or offset < wanted[stream][1]
            for one in clients
            for places in one.ask("positions")["devices"].values()
            for stream, (epoch, offset) in places.items()
            if stream in wanted
        )

    while is_behind():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def until_acked(clients: Sequence[Clients]) -> None:
    """Wait until every ack of a connected device is answered, which is after it was stored."""
    wait_until(
        lambda: not any(one.ask("waiting")["waiting"] for one in clients),
        seconds=10,
        what="acknowledgements are answered",
    )
