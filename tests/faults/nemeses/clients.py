"""Drop clients, let them stall, and change filters while they read."""

from __future__ import annotations

import time

from tests.faults.nemeses.scene import Scene, nemesis

FIDGET_SECONDS = 4.0
START_SECONDS = 2.0  # of a producer, about
# Readers: the last is twice what a node bears with in these runs.
STALL_SECONDS = (4.0, 5.0, 5.0, 8.0)


@nemesis("clients-drop", sqlite=True)
def drop_clients(scene: Scene) -> None:
    for clients in scene.clients:
        clients.ask("drop")


@nemesis("readers-stall", sqlite=True)
def stall_readers(scene: Scene) -> None:
    """Let some devices stop to read, and write them more than the kernel takes.

    They are held up, and read on from the log; those that stall for long are sent away.
    """
    seconds, began = scene.rng.choice(STALL_SECONDS), time.monotonic()
    users = scene.stall(seconds, count=2)
    scene.burst(users)
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))  # until they read again


@nemesis("filters-burst", sqlite=True)
def change_filters(scene: Scene) -> None:
    """Write much to devices that change their filters meanwhile, renew, and acknowledge."""
    users = scene.ask("fidget", seconds=FIDGET_SECONDS + START_SECONDS, count=8)
    scene.burst(users, FIDGET_SECONDS)
