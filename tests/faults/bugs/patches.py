"""The bugs themselves: each function patches one thing of the product."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from django.db import connection, transaction

from realtime import log, publish
from realtime.access import tokens
from realtime.core.frames import Frame
from realtime.core.outbound import Outbound
from realtime.core.resume import StartPosition
from realtime.hub import acks, login_data, streams
from realtime.hub.writes import WriteCycle
from realtime.layer import groups, receive, send
from realtime.log import appending, in_one_statement, reading, trimming
from realtime.models import Stream

_patches: dict[str, Callable[[], None]] = {}
_originals: list[tuple[Any, str, Any]] = []


def apply(name: str) -> None:
    """Put one bug in; raises KeyError for a name that is none."""
    _patches[name]()


def known() -> set[str]:
    """Return the names of all that may be put in."""
    return set(_patches)


def undo() -> None:
    """Take out again what was put in, for processes that try several bugs."""
    while _originals:
        owner, name, original = _originals.pop()
        setattr(owner, name, original)


def bug(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(function: Callable[[], None]) -> Callable[[], None]:
        _patches[name] = function
        return function

    return register


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of what must be there."""
    original = getattr(owner, name)
    _originals.append((owner, name, original))
    setattr(owner, name, functools.wraps(original)(make(original)))


# -- writing


def _on_another_connection(original: Any) -> Any:
    """Let it commit by itself, whatever becomes of its caller."""
    pool = ThreadPoolExecutor(1)

    def elsewhere(*args: Any, **kwargs: Any) -> Any:
        def work() -> Any:
            try:
                return original(*args, **kwargs)
            finally:
                connection.close()

        return pool.submit(work).result()

    return elsewhere


@bug("sequence")
def sequence() -> None:
    """Draw the numbers in a transaction of their own, as a sequence does."""
    replace(appending, "_lock_and_count", _on_another_connection)

    def make(original: Any) -> Any:
        def append(messages: Any) -> Any:
            return appending._append_in_steps(messages, None)

        return append

    replace(in_one_statement, "append", make)


@bug("committed-apart")
def committed_apart() -> None:
    """Write the event on another connection, whatever becomes of the row."""
    replace(publish, "publish_many", _on_another_connection)


@bug("early-wake-up")
def early_wake_up() -> None:
    def on_commit(action: Callable[[], None], using: Any = None, robust: bool = False) -> None:
        action()

    replace(transaction, "on_commit", lambda original: on_commit)


@bug("no-key")
def no_key() -> None:
    def make(original: Any) -> Any:
        def append(messages: Any, *, idempotency_key: str | None = None) -> Any:
            return original(messages)

        return append

    replace(log, "append", make)


@bug("half-a-batch")
def half_a_batch() -> None:
    def make(original: Any) -> Any:
        def append(messages: Any, *, idempotency_key: str | None = None) -> Any:
            kept = messages[:-1] if len(messages) > 5 else messages
            return original(kept, idempotency_key=idempotency_key)

        return append

    replace(log, "append", make)


@bug("wrong-stream")
def wrong_stream() -> None:
    count = itertools.count(1)

    def make(original: Any) -> Any:
        def append(messages: Any, *, idempotency_key: str | None = None) -> Any:
            messages = list(messages)
            name, payload = messages[0]
            if idempotency_key is not None:
                return original(messages, idempotency_key=idempotency_key)
            if next(count) % 20 == 0 and name == "user:1":
                messages[0] = ("user:2", payload)
            elif next(count) % 20 == 0 and name != "announcements":
                messages[0] = ("user:1", payload)
            return original(messages, idempotency_key=idempotency_key)

        return append

    replace(log, "append", make)


# -- following


@bug("replay-before-join")
def replay_before_join() -> None:
    """Read where a stream stands, and hear of it only some seconds later."""
    read_at: dict[str, float] = {}

    def make(original: Any) -> Any:
        def learn(self: Any, name: str, head: Any) -> None:
            read_at.setdefault(name, time.monotonic())
            original(self, name, head)

        return learn

    replace(streams.FollowedStreams, "learn", make)

    def later(original: Any) -> Any:
        def hear(self: Any, events: Any) -> None:
            now = time.monotonic()
            original(self, [event for event in events if now - read_at.get(event[0], 0) > 4])

        return hear

    replace(streams.FollowedStreams, "receive", later)


@bug("no-reconcile")
def no_reconcile() -> None:
    def make(original: Any) -> Any:
        async def reconcile(self: Any) -> None:
            return None

        return reconcile

    replace(streams.FollowedStreams, "reconcile", make)


@bug("deaf-hub")
def deaf_hub() -> None:
    def make(original: Any) -> Any:
        heard = itertools.count(1)

        def _take(self: Any, message: Any) -> None:
            if next(heard) < 30 or message["type"] == receive.CANARY:
                original(self, message)

        return _take

    replace(receive.LayerReceiver, "_take", make)


@bug("one-page")
def one_page() -> None:
    """After a page of the log go live, although more follows."""

    def make(original: Any) -> Any:
        async def _replay_page(self: Any, socket: Any, followed: Any) -> None:
            place = socket.connection.places[followed.name]
            before = place.offset
            await original(self, socket, followed)
            if place.offset > before and followed.is_waiting(socket):
                self._go_live(socket, followed)

        return _replay_page

    replace(streams.FollowedStreams, "_replay_page", make)
    reading.PAGE = 5


@bug("full-socket")
def full_socket() -> None:
    """Take it for a delivery when a socket refuses an event because too much waits."""

    def make(original: Any) -> Any:
        def offer(self: Any, frame: Any) -> bool:
            original(self, frame)
            return True

        return offer

    replace(Outbound, "offer", make)


@bug("filter-first")
def filter_first() -> None:
    """Look whether a socket waits, and only then spread, which may make it wait."""

    def make(original: Any) -> Any:
        def filter(self: Any, socket: Any, types: Any) -> None:
            socket.connection.subscriptions = types
            for name in socket.connection.places:
                followed = self.followed.get(name)
                if followed is not None and not followed.is_waiting(socket):
                    self._cycle.fan_out_now()
                    followed.go_live(socket)

        return filter

    replace(streams.FollowedStreams, "filter", make)


@bug("swapped")
def swapped() -> None:
    def make(original: Any) -> Any:
        def write_all(self: Any, sockets: Any, frames: Any) -> Any:
            return original(self, sockets, list(reversed(frames)))

        return write_all

    replace(WriteCycle, "write_all", make)


@bug("wrong-group")
def wrong_group() -> None:
    """Tell those who follow a stream that nobody has."""

    def make(original: Any) -> Any:
        def _combine(items: Any) -> Any:
            for _, message in original(items):
                yield groups.stream_group("user:0"), message

        return _combine

    replace(send, "_combine", make)


@bug("twice")
def twice() -> None:
    def make(original: Any) -> Any:
        def _deliver(self: Any, followed: Any, entry: Any) -> None:
            original(self, followed, entry)
            for socket in list(followed.live):
                if socket.connection.device:
                    socket.put(Frame(entry.payload.encode()))

        return _deliver

    replace(streams.FollowedStreams, "_deliver", make)


@bug("wrong-socket")
def wrong_socket() -> None:
    """Now and then write a user's event to everybody who is here."""

    def make(original: Any) -> Any:
        count = itertools.count(1)

        def _deliver(self: Any, followed: Any, entry: Any) -> None:
            original(self, followed, entry)
            if next(count) % 50 == 0:
                for other in list(self.followed.values()):
                    if other is not followed:
                        for socket in list(other.live)[:1]:
                            socket.put(Frame(entry.payload.encode()))

        return _deliver

    replace(streams.FollowedStreams, "_deliver", make)


# -- resuming


@bug("wrong-login")
def wrong_login() -> None:
    """Log the first two users in as each other."""
    other = {1: 2, 2: 1}

    def make(original: Any) -> Any:
        def verify(token: str) -> Any:
            found = original(token)
            if found is None:
                return None
            return dataclasses.replace(found, user_id=other.get(found.user_id, found.user_id))

        return verify

    replace(tokens, "verify", make)


@bug("resync-needless")
def resync_needless() -> None:
    def make(original: Any) -> Any:
        def decide(**given: Any) -> StartPosition:
            start = cast(StartPosition, original(**given))
            behind = given["since"] is not None and given["since"] < given["head"]
            if behind and given["floor"] and not start.resync:
                return StartPosition(given["head"], "trimmed")
            return start

        return decide

    replace(login_data, "decide", make)


@bug("resync-silent")
def resync_silent() -> None:
    def make(original: Any) -> Any:
        def _say_resync(*given: Any) -> None:
            return None

        return _say_resync

    replace(streams.FollowedStreams, "_say_resync", make)


# -- acknowledgements and retention


@bug("ack-ahead")
def ack_ahead() -> None:
    """Move the cursor further than the device has applied."""

    def make(original: Any) -> Any:
        def move(self: Any, socket: Any, stream: str, offset: int, epoch: Any = None) -> None:
            original(self, socket, stream, offset + 3, epoch)

        return move

    replace(acks.Acks, "move", make)


@bug("ack-lost")
def ack_lost() -> None:
    def make(original: Any) -> Any:
        count = itertools.count(1)

        def move_cursors(moves: Any) -> None:
            original(moves if next(count) % 2 else [])

        return move_cursors

    replace(log, "move_cursors", make)


@bug("floor")
def floor() -> None:
    def make(original: Any) -> Any:
        def _trim_some(ids: Any, before: Any, keep: Any) -> Any:
            with transaction.atomic():
                old = dict(Stream.objects.filter(pk__in=ids).values_list("pk", "floor"))
                found = original(ids, before, keep)
                for pk in found:
                    Stream.objects.filter(pk=pk).update(floor=old[pk])
            return found

        return _trim_some

    replace(trimming, "_trim_some", make)
