"""The faults: each function breaks one thing, waits for a given time, and heals it.

A module a kind; each registers its nemeses, in this order.
"""

from __future__ import annotations

from tests.faults.nemeses import (
    clients,
    links,
    nodes,
    poolers,
    rolling,
    sentinels,
    standbys,
    starving,
    stores,
    writers,
)
from tests.faults.nemeses.scene import (
    NEMESES,
    ON_PGBOUNCER,
    ON_REDIS,
    ON_SQLITE,
    Nemesis,
    Scene,
    Stall,
)

__all__ = [
    "NEMESES",
    "ON_PGBOUNCER",
    "ON_REDIS",
    "ON_SQLITE",
    "Nemesis",
    "Scene",
    "Stall",
    "clients",
    "links",
    "nodes",
    "poolers",
    "rolling",
    "sentinels",
    "standbys",
    "starving",
    "stores",
    "writers",
]
