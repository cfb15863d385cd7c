"""Stop, kill, freeze and pause the PgBouncer in front of PostgreSQL."""

from __future__ import annotations

from tests.faults.nemeses.scene import Scene, nemesis
from tests.faults.nemeses.stores import nemeses_of_a_store

nemeses_of_a_store("pgbouncer", pgbouncer=True)


@nemesis("pgbouncer-freeze", pgbouncer=True)
def freeze_pooler(scene: Scene) -> None:
    scene.freeze(scene.store("pgbouncer"), 1, 5)


@nemesis("pgbouncer-pause", pgbouncer=True)
def pause_pooler(scene: Scene) -> None:
    """Let transactions end, hold back new ones, and take other sessions afterwards."""
    pooler = scene.store("pgbouncer")
    pooler.command("PAUSE")
    scene.hold(1, 4)
    pooler.command("RESUME")


@nemesis("pgbouncer-reconnect", pgbouncer=True)
def renew_sessions(scene: Scene) -> None:
    """Close each session of the server as soon as its transaction ends."""
    scene.store("pgbouncer").command("RECONNECT")
