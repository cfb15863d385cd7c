"""Let a standby that lags take over from PostgreSQL."""

from __future__ import annotations

import contextlib

from tests.faults import truth
from tests.faults.nemeses.scene import Scene, nemesis
from tests.services.standby import Standby


@nemesis("standby-promote")
def promote_standby(scene: Scene) -> None:
    """Lose the commits that a standby has not received, and give their numbers again.

    The epoch is not bumped: the product has to notice. The data of the new primary is the truth.
    """
    cluster, postgres = scene.cluster, scene.store("postgres")
    scene.excuse("epoch")
    scene.number += 1
    with contextlib.closing(Standby(postgres)) as standby:
        standby.wait_until_level()
        standby.lag()
        scene.hold(0.5, 2)
        postgres.kill()
        standby.take_over()
        with standby.old_primary(cluster.database_url) as old:
            new = truth.read(cluster.database_url)
            lost = truth.keep_what_is_lost(cluster.folder, str(scene.number), truth.read(old), new)
    if not lost:
        scene.problems.append("standby-promote: nothing was lost, so nothing was tried")
