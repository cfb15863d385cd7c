"""The replacements of clock, chance, log and layer while a world is played."""

from __future__ import annotations

import contextlib
import importlib
import logging
import pkgutil
import random
import secrets
import time
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest import mock

from django.db import OperationalError
from django.test import override_settings

from realtime import computed, log, rooms
from realtime.access import tickets, tokens, validity
from realtime.cluster import epoch_watch
from realtime.core.identity import Identity
from realtime.db import threads
from realtime.hub import login_data, reconcile, resets
from realtime.hub.socket import Socket
from realtime.layer import send
from realtime.log import reading
from realtime.rooms import RoomKind
from tests.faults.bugs import patching
from tests.faults.bugs import streams as bugs_of_streams
from tests.simulation.outside import Ear

if TYPE_CHECKING:
    from tests.simulation.world import World

# Of the engine: what a node is made of.
PACKAGES = ("consumer", "core", "db", "hub", "layer")
MODULES = ("realtime.servers.door",)
ROOM = "sim"


def _that_import(used: ModuleType) -> tuple[str, ...]:
    """List the modules of a node that import a module of Python, as `import time` does."""
    names = list(MODULES)
    for package in PACKAGES:
        path = importlib.import_module(f"realtime.{package}").__path__
        names += [info.name for info in pkgutil.walk_packages(path, f"realtime.{package}.")]
    found = ((name, vars(importlib.import_module(name))) for name in names)
    return tuple(name for name, members in found if members.get(used.__name__) is used)


# Of all of a node: one module that is left out, and no seed says what happens.
TIMED, CHANCE, NAMED = (_that_import(used) for used in (time, random, secrets))


class Playing:
    """The world that is played now; what is replaced asks it."""

    now: World


class _Clock:
    """In place of the module `time`."""

    @staticmethod
    def monotonic() -> float:
        return Playing.now.loop.time()

    @staticmethod
    def time() -> float:
        return Playing.now.wall()


class _Chance:
    """In place of the module `random`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(Playing.now.rng, name)


class _Names:
    """In place of the module `secrets`: ids in the order in which they are given."""

    @staticmethod
    def token_hex(size: int) -> str:
        return f"{Playing.now.number():0{size * 2}x}"


class Silent(send.Sender):
    """The sender of a process that is gone: its messages are dropped."""

    def put(self, items: Sequence[send.Item]) -> None: ...


class Room(RoomKind):
    """A room that some may join."""

    name = topic = ROOM

    def matches(self, room: str) -> bool:
        return room == ROOM

    def may_join(self, user_id: int, room: str) -> bool:
        return user_id not in Playing.now.barred


def _verify(token: str) -> Identity | None:
    user_id, _, rest = token.partition("/")
    expires_at, _, session = rest.partition("/")
    return Identity(int(user_id), float(expires_at), session) if rest else None


def replacements() -> dict[tuple[Any, str], Any]:
    """Say what of the product is replaced: the module or class, the name, and by what."""
    module = importlib.import_module
    found: dict[tuple[Any, str], Any] = {(bugs_of_streams, "time"): _Clock}
    for name in TIMED:
        found[module(name), "time"] = _Clock
    for name in CHANCE:
        found[module(name), "random"] = _Chance()
    for name in NAMED:
        found[module(name), "secrets"] = _Names
    found |= {
        # the log, and what else a node asks of the database
        (log, "heads"): lambda *a, **k: Playing.now.stored.heads(*a, **k),
        (log, "look"): lambda *a, **k: Playing.now.stored.look(*a, **k),
        (log, "read_many"): lambda *a, **k: Playing.now.stored.read_many(*a, **k),
        (log, "begin_cursors"): lambda *a, **k: Playing.now.stored.begin_cursors(*a, **k),
        (log, "move_cursors"): lambda *a, **k: Playing.now.stored.move_cursors(*a, **k),
        (login_data, "load"): lambda *a, **k: Playing.now.stored.load_sessions(*a, **k),
        (validity, "load"): lambda *a, **k: Playing.now.stored.load_standings(*a, **k),
        (epoch_watch, "_read"): lambda: Playing.now.stored.deployment,
        (tickets, "redeem"): lambda *a, **k: Playing.now.stored.redeem(*a, **k),
        (tokens, "verify"): _verify,
        # Django's connections, of which a thread would close what is too old
        (threads, "close_old_connections"): lambda: None,
        # a doubt that ends within a schedule
        (reconcile, "DOUBT_SECONDS"): 2.0,
        # registrations of applications
        (rooms, "_kinds"): {ROOM: Room()},
        (computed, "_messages"): {},
        # the order in which sets hold sockets, which is that of addresses in memory
        (Socket, "__hash__"): lambda self: int(self.connection.id, 16),
    }
    return found


# Limits that are made small, so that little is enough to fill them: (module, name).
SIZES = {
    "page": (reading, "PAGE"),
    "piece": (importlib.import_module("realtime.hub.writes"), "MAX_PIECE_BYTES"),
    "inline": (send, "MAX_INLINE_BYTES"),
    "renewed": (resets, "RENEWED_AT_ONCE"),
}


@contextlib.contextmanager
def replaced(bug: str | None = None) -> Iterator[None]:
    """Put the world in the place of clock, chance, log and layer, for a while.

    With a bug of `tests.faults.bugs` put into the product as well.
    """
    logger = logging.getLogger("realtime")
    put = replacements() | {where: getattr(*where) for where in SIZES.values()}
    put |= {(send, "sender"): send.sender}
    put |= {(logger, "handlers"): [_Tracebacks()], (logger, "propagate"): False}
    layers = {"default": {"BACKEND": f"{Ear.__module__}.Ear"}}
    with contextlib.ExitStack() as stack:
        stack.enter_context(override_settings(CHANNEL_LAYERS=layers))
        for (owner, name), value in put.items():
            stack.enter_context(mock.patch.object(owner, name, value))
        stack.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.ERROR)
        stack.callback(patching.undo)  # the first: a bug may stand on a replacement
        if bug is not None:
            patching.apply(bug)
        yield


class _Tracebacks(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, OperationalError):  # of a database that was away
            Playing.now.fail("traceback", f"{record.getMessage()}: {error!r}")
