"""What an operator fears, and which alerts are to say so."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from signal import SIGCONT, SIGSTOP

import psycopg
from psycopg import sql

from hoardrun.demo.providers.mood import Mood
from tests.alerts.world import ALICE, World

Play = Callable[[World], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """A fault, which lasts as long as its context; `alerts` are those that must fire."""

    text: str
    alerts: tuple[str, ...]
    play: Play


FAULTS: dict[str, Fault] = {}


def fault(text: str, *alerts: str) -> Callable[[Callable[[World], Iterator[None]]], None]:
    """Register a fault under the name of its function."""

    def register(function: Callable[[World], Iterator[None]]) -> None:
        name = function.__name__.replace("_", "-")
        FAULTS[name] = Fault(text, alerts, contextmanager(function))

    return register


@fault("A node is killed", "NodeSilent")
def node_killed(world: World) -> Iterator[None]:
    """Kill the one that speaks for the deployment: it started first."""
    world.nodes[0].kill()
    yield
    world.nodes[0].start()


@fault("A node is frozen", "NodeSilent", "NodeLost")
def node_frozen(world: World) -> Iterator[None]:
    world.nodes[0].signal(SIGSTOP)
    yield
    world.nodes[0].signal(SIGCONT)


@fault("Redis is frozen", "LayerDeaf", "Degraded")
def redis_frozen(world: World) -> Iterator[None]:
    world.redis.freeze()
    yield
    world.redis.thaw()


@fault("The disk is full", "DiskFull", "HttpErrors")
def disk_full(world: World) -> Iterator[None]:
    """Fill the disk on which the log lies."""
    location = sql.Literal(str(world.disk))
    world.query(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(location))
    world.query(sql.SQL("ALTER TABLE realtime_event SET TABLESPACE small"))
    filler = world.disk.parent / "filler"
    subprocess.run(
        ["dd", "if=/dev/zero", f"of={filler}", "bs=8k"], check=False, stderr=subprocess.DEVNULL
    )
    yield
    filler.unlink()
    world.query(sql.SQL("ALTER TABLE realtime_event SET TABLESPACE pg_default"))
    world.query(sql.SQL("DROP TABLESPACE small"))


@fault("A lock is held", "LockHeld", "LockTimeouts")
def lock_held(world: World) -> Iterator[None]:
    """Leave a session with a stream in its hands, as a forgotten shell does."""
    with psycopg.connect(world.database_url) as forgotten:
        forgotten.execute(
            "SELECT 1 FROM realtime_stream WHERE name = %s FOR UPDATE", [f"user:{ALICE}"]
        )
        yield
        forgotten.rollback()


@fault("The delivery worker is dead", "DeliveryWorkerSilent")
def worker_dead(world: World) -> Iterator[None]:
    world.worker.kill()
    yield
    world.begin_worker()


@fault("Retention has stopped", "RetentionStale")
def retention_stopped(world: World) -> Iterator[None]:
    """Let its last success be two hours old. Nodes try again ten minutes after they last did."""
    world.query(
        sql.SQL(
            "UPDATE realtime_jobrun SET claimed_at = now(), "
            "succeeded_at = now() - interval '2 hours' WHERE name = 'retention'"
        )
    )
    yield
    world.query(sql.SQL("UPDATE realtime_jobrun SET succeeded_at = now() WHERE name = 'retention'"))


@fault("A provider answers 5xx", "CallsBlocked", "ProviderFails")
def provider_fails(world: World) -> Iterator[None]:
    world.sms.mood = Mood(broken=1)
    world.notifies = True
    yield
    world.notifies = False
    world.sms.mood = Mood()


@fault("A feed is silent", "FeedSilent")
def feed_silent(world: World) -> Iterator[None]:
    world.venue.signal(SIGSTOP)
    yield
    with contextlib.suppress(ProcessLookupError):
        world.venue.signal(SIGCONT)
