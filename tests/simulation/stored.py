"""The log and what else the node asks of its database, in memory.

`tests/simulation/test_stored.py` holds it to the real log, on both databases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from realtime.access.validity import LoginState
from realtime.core.identity import Identity
from realtime.core.tail import Tail
from realtime.hub.login_data import LoginData, LoginKey
from realtime.log import Changed, CursorMove, Head, StoredEvent, reading
from realtime.protocol import codec
from realtime.protocol.messages import Payload
from realtime.streams import streams_of

MOMENT = "2026-01-01T00:00:00.000Z"


@dataclass
class Stream:
    """One stream: `lives` keeps every event that ever was, by epoch and offset."""

    epoch: str
    head: int = 0
    floor: int = 0
    lives: dict[str, dict[int, StoredEvent]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)  # the heads of the lives that are over

    @property
    def events(self) -> dict[int, StoredEvent]:
        return self.lives[self.epoch]

    def order(self, epoch: str) -> int:
        """Tell which of the stream's lives this is; -1 for none."""
        return list(self.lives).index(epoch) if epoch in self.lives else -1

    def head_of(self, epoch: str) -> int:
        return self.head if epoch == self.epoch else self.ends[epoch]


class Stored:
    """All streams and cursors, and the users that may log in. `now` is noted with what changes."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self.streams: dict[str, Stream] = {}
        self.cursors: dict[tuple[int, str, str], tuple[str, int]] = {}
        # Every value that a cursor has had, and from when on.
        self.moves: dict[tuple[int, str, str], list[tuple[float, str, int]]] = {}
        self.inactive: set[int] = set()
        self.ended: set[str] = set()  # the logins that were logged out
        self.deployment = ""  # its part of all epochs
        self.written: list[str] = []  # the stream of each event, in the order of their ids
        self._now = now
        self._lives = 0
        self._bumps = 0

    def new_epoch(self) -> str:
        self._lives += 1
        return f"e{self._lives}"

    # -- writing

    def append(self, messages: Sequence[tuple[str, Payload]]) -> list[StoredEvent]:
        entries = []
        for name, payload in messages:
            stream = self._stream(name)
            stream.head += 1
            text = codec.encode(payload, stream=name, offset=stream.head, moment=MOMENT).decode()
            entry = StoredEvent(
                name, stream.epoch, stream.head, payload.wire_type, payload.filter_type or "", text
            )
            stream.events[stream.head] = entry
            self.written.append(name)
            entries.append(entry)
        return entries

    def trim(self, name: str, keep: int) -> None:
        if name in self.streams:
            stream = self.streams[name]
            stream.floor = max(stream.floor, stream.head - keep)

    def bump_epoch(self, name: str) -> None:
        if name in self.streams:
            self._begin_anew(self.streams[name], self.streams[name].head)

    def begin_deployment(self, lost: int) -> None:
        """Begin a new life of every stream, as after a failover that loses the newest events."""
        self.deployment = self.new_epoch()
        for name in self.streams:
            self.restore(name, lost)

    def restore(self, name: str, lost: int) -> None:
        """Lose the newest events, whose numbers will be used again, and begin a new life."""
        if name in self.streams:
            stream = self.streams[name]
            self._begin_anew(stream, max(stream.floor, stream.head - lost))

    def _begin_anew(self, stream: Stream, head: int) -> None:
        old = stream.events
        stream.ends[stream.epoch] = stream.head
        self._bumps += 1
        stream.epoch, stream.head = self.new_epoch(), head
        stream.lives[stream.epoch] = {
            offset: entry._replace(epoch=stream.epoch)
            for offset, entry in old.items()
            if offset <= head
        }

    def _stream(self, name: str) -> Stream:
        if name not in self.streams:
            stream = self.streams[name] = Stream(self.new_epoch())
            stream.lives[stream.epoch] = {}
        return self.streams[name]

    # -- what the node calls

    def look(self, tail: Tail | None, asked: Iterable[str], most: int) -> Changed:
        place, newest = f"{self.deployment} {self._bumps}", len(self.written)
        if tail is None or tail.place != place:
            return Changed(Tail(place).marked(newest, 0).read(0), None)
        names = self.written[tail.after :]
        now = tail.marked(newest, 0).read(0)
        return Changed(now, None if len(names) > most else self.heads({*names, *asked}))

    def heads(self, wanted: Iterable[str]) -> dict[str, Head]:
        return {name: self._head(name) for name in sorted(wanted) if name in self.streams}

    def _head(self, name: str) -> Head:
        stream = self.streams[name]
        return Head(stream.epoch, stream.head, stream.floor)

    def ensure(self, wanted: Iterable[str]) -> dict[str, Head]:
        for name in sorted(wanted):
            self._stream(name)
        return self.heads(wanted)

    def read_many(
        self, places: Sequence[tuple[str, int]], *, max_bytes: int = reading.PAGE_BYTES
    ) -> dict[tuple[str, int], tuple[Head, list[StoredEvent]]]:
        return {place: self._page(*place, max_bytes) for place in places}

    def _page(self, name: str, after: int, max_bytes: int) -> tuple[Head, list[StoredEvent]]:
        if name not in self.streams:
            return Head("", 0, 0), []
        stream, entries, before = self.streams[name], [], 0
        for offset in range(max(after, stream.floor) + 1, after + reading.PAGE + 1):
            if offset > stream.head or before >= max_bytes:
                break
            entries.append(stream.events[offset])
            before += len(stream.events[offset].payload)
        return self._head(name), entries

    def move_cursors(self, moves: Sequence[CursorMove]) -> None:
        for move in sorted(moves):
            key = (move.user_id, move.device, move.stream)
            if move.stream not in self.streams:
                continue
            epoch, acked = self.cursors.get(key, ("", -1))
            if acked < move.acked or epoch != move.epoch:
                self.cursors[key] = (move.epoch, move.acked)
                self.moves.setdefault(key, []).append((self._now(), move.epoch, move.acked))

    def begin_cursors(
        self, moves: Sequence[CursorMove]
    ) -> dict[tuple[int, str, str], tuple[str, int]]:
        for move in moves:
            if move[:3] not in self.cursors and move.stream in self.streams:
                self.move_cursors([move])
        return {move[:3]: self.cursors[move[:3]] for move in moves if move[:3] in self.cursors}

    def load_sessions(self, keys: Sequence[LoginKey]) -> dict[LoginKey, LoginData]:
        found = {}
        for key in keys:
            streams = streams_of(key.user_id)
            cursors = {
                name: self.cursors[key.user_id, key.device, name]
                for name in streams
                if key.device and (key.user_id, key.device, name) in self.cursors
            }
            standing = self._standing(key.user_id, key.session)
            found[key] = LoginData(standing, self.ensure(streams), cursors, [], [], set())
        return found

    def load_standings(self, identities: Iterable[Identity]) -> dict[tuple[int, str], LoginState]:
        return {(i.user_id, i.session): self._standing(i.user_id, i.session) for i in identities}

    def _standing(self, user_id: int, session: str) -> LoginState:
        is_active, ended = user_id not in self.inactive, session in self.ended
        return LoginState(exists=True, is_active=is_active, ended=ended)

    def redeem(self, attempts: Sequence[Any]) -> dict[Any, None]:
        return dict.fromkeys(attempts)
