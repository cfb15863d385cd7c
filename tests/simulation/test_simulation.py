"""The simulation replaces clock and chance, sees bugs, and repeats a run by its seed."""

from __future__ import annotations

import gc
import importlib
import itertools
import pkgutil
import random
import weakref
from typing import Any

import pytest

import realtime
from tests.faults.bugs import BUGS, patching
from tests.services.process import run_python
from tests.simulation import bugs, run, schedule, stage
from tests.simulation.loop import Loop
from tests.simulation.world import World

# All of the product that is not itself in a simulation, beside the sizes of `stage.SIZES`; and
# no class of it has another method, but for the order of its sockets.
REPLACED = {
    "clock": {f"{module}.time" for module in stage.TIMED},
    "chance": {
        *(f"{module}.random" for module in stage.CHANCE),
        *(f"{module}.secrets" for module in stage.NAMED),
    },
    "log, and what else is in the database": {
        *(f"realtime.log.{name}" for name in ("begin_cursors", "heads", "look", "move_cursors")),
        "realtime.log.read_many",
        "realtime.hub.login_data.load",
        "realtime.access.validity.load",
        "realtime.access.tickets.redeem",
        "realtime.cluster.epoch_watch._read",
        "realtime.db.threads.close_old_connections",
    },
    "signatures": {"realtime.access.tokens.verify"},
    "what applications register": {"realtime.rooms._kinds", "realtime.computed._messages"},
    "sizes": {
        "realtime.hub.reconcile.DOUBT_SECONDS",
        "realtime.hub.writes.MAX_PIECE_BYTES",
        "realtime.log.reading.PAGE",
        "realtime.layer.send.MAX_INLINE_BYTES",
        "realtime.hub.resets.RENEWED_AT_ONCE",
    },
    "the sender, made anew for each node": {"realtime.layer.send.sender"},
    "order in sets": {"realtime.hub.socket.Socket.__hash__"},
}

WRITTEN_BY_PYTHON = ("__warningregistry__", "__annotations__")


def product() -> dict[str, Any]:
    """Return everything in the engine's modules and classes, by its name."""
    found: dict[str, Any] = {}
    for info in pkgutil.walk_packages(realtime.__path__, "realtime."):
        if ".migrations" in info.name or ".management" in info.name:
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            found[f"{info.name}.{name}"] = value
            if isinstance(value, type) and value.__module__ == info.name:
                for key, member in vars(value).items():
                    found[f"{info.name}.{name}.{key}"] = member
    return found


def test_only_clock_chance_log_and_layer_are_replaced() -> None:
    product()  # imports what was not
    before = product()
    with stage.replaced():
        played = schedule.make(3).play()
        during = product()
    assert not played
    changed = {
        name
        for name in before.keys() | during.keys()
        if before.get(name) is not during.get(name) and not name.endswith(WRITTEN_BY_PYTHON)
    }
    assert changed == set().union(*REPLACED.values())
    assert product() == before


@pytest.mark.parametrize("name", bugs.ALL)
def test_it_finds_a_seeded_bug(name: str) -> None:
    with stage.replaced(name):
        _, found = run.look(itertools.count(bugs.FIRST_SEEDS.get(name, 0)), seconds=60)
    assert found is not None, f"{name} was not found in a minute"
    assert found.verdict in bugs.ALL[name], found


@pytest.mark.parametrize("name", bugs.ALL)
def test_a_seeded_bug_leaves_nothing_behind(name: str) -> None:
    before = product()
    with stage.replaced(name):
        pass
    after = product()
    assert {key for key, value in before.items() if after.get(key) is not value} == set()


def test_each_seeded_bug_of_a_node_is_tried() -> None:
    of_writers = patching.known("log")  # not of nodes: `make faults` tries these
    assert len(of_writers) == 8
    assert bugs.FOUND_AS.keys() | of_writers == BUGS.keys()
    assert not bugs.FOUND_AS.keys() & of_writers
    assert bugs.ALL.keys() | of_writers == patching.known()
    assert bugs.FIRST_SEEDS.keys() <= bugs.ALL.keys()


def test_a_schedule_is_made_short_and_still_fails() -> None:
    with stage.replaced("full-socket"):
        _, found = run.look(itertools.count())
        assert found is not None
        short = schedule.shorten(found.schedule)
        assert len(short.actions) < len(found.schedule.actions)
        assert schedule.load(short.dump()) == short
        assert short.play()[0][0] == found.verdict
    assert "python -m tests.simulation --seed" in _report(found)


def test_a_bug_that_does_not_show_again_is_reported() -> None:
    """Such a bug depends on worlds played before."""
    with stage.replaced():
        report = run.Found(schedule.make(3), "lost", "an event").report("full-socket")
    assert "an event" in report
    assert '"seed": 3' in report


def _report(found: run.Found) -> str:
    with stage.replaced("full-socket"):
        return found.report("full-socket")


@pytest.mark.parametrize("path", sorted(run.KEPT.glob("*.json")), ids=lambda path: path.stem)
def test_known_schedules_stay_mended(path: Any) -> None:
    with stage.replaced():
        assert schedule.load(path.read_text()).play() == []


def test_a_world_that_was_played_is_let_go() -> None:
    """Kept, its tasks would make each later one slower, as asyncio looks through all there are."""
    with stage.replaced():
        played = [weakref.ref(_play(seed)) for seed in range(4)]
        _play(4)  # the stage knows the last one
        gc.collect()
    assert [kept() for kept in played] == [None] * 4


def _play(seed: int) -> Loop:
    made = schedule.make(seed)
    world = World(made.setting)
    world.play(made.actions)
    return world.loop


_FINGERPRINTS = """
import os
from tests.services import environment
environment.prepare()
os.environ["DJANGO_SETTINGS_MODULE"] = "hoardrun.settings"
import django; django.setup()
from tests.simulation.test_simulation import fingerprints
print(fingerprints())
"""


def fingerprints() -> list[str]:
    found = []
    with stage.replaced():
        for seed in range(60):
            made = schedule.make(seed)
            played = World(made.setting)
            played.play(made.actions)
            found.append(played.fingerprint())
    return found


def test_a_seed_says_all_in_any_process() -> None:
    random.seed(7)
    other = run_python("-c", _FINGERPRINTS, env={"PYTHONHASHSEED": "1", "PATH": ""})
    assert other.stdout.strip() == str(fingerprints())
