"""Judge the messages to a socket one by one, by all that the log has ever held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from realtime.log import StoredEvent
from tests.services import frames
from tests.simulation.stored import Stored, Stream

VERDICTS = {
    "lost": "a socket, or a device, is past an event that it wanted and never got",
    "doubled": "an event again on one socket, or behind a later one",
    "unwanted": "an event that the filter does not want",
    "foreign": "an event of a stream, or a message of a room, that is not the socket's",
    "content": "another event than the log has at this offset",
    "ahead": "a position that is not what the socket was sent or had filtered",
    "resync": "told to resynchronise without a reason, or at a place that is none",
    "begin": "begins elsewhere than the device asked for, and says nothing",
    "cursor": "an acknowledgement that is said and not stored, or a stored one ahead of the log",
    "room": "a value of a room that is older than the one before, or the newest is missing",
    "stuck": "a socket that is behind once everything works again",
    "traceback": "an error that nobody expects, or a loop without an end",
    "unanswered": "a command without an answer on a socket that lives",
    "written": "written to a transport that takes nothing",
    "outstays": "a socket, or a member of a room, that may not be there any more",
    "kept": "a socket that is over, and is not forgotten",
    "door": "a turn at the door that was not next, too late, or one too many",
}


class Message(msgspec.Struct):
    """A message of the server, as far as its frame tells."""

    type: str
    data: msgspec.Raw
    stream: str | None = None
    offset: int | None = None
    room: str | None = None
    id: str | None = None

    def content(self) -> Any:
        return msgspec.json.decode(self.data)


decode = msgspec.json.Decoder(Message).decode


def messages(data: bytes) -> list[tuple[Message, bytes]]:
    """Take finished text frames apart."""
    found = frames.split(data)
    assert all(first == 0x81 for first, _ in found), "text frames that are whole"
    return [(decode(text), text) for _, text in found]


@dataclass
class StreamPosition:
    """The positions that the server may have in one stream of a socket.

    Everything up to `least` was sent, or filtered for sure. Up to `most` it may be: what lies
    between was wanted by none of the filters that have been in force since.
    """

    name: str
    epoch: str
    least: int
    most: int
    silent: str | None = None  # begun elsewhere than asked for: a resynchronisation must follow
    claims: Sequence[tuple[str | None, int]] = ()  # epochs and offsets, one of which was asked for


@dataclass
class Asked:
    """The request of a device at its connect, and the log at that time."""

    user_id: int
    device: str
    since: Mapping[str, tuple[str | None, int]]
    types: frozenset[str]
    at: float
    heads: Mapping[str, tuple[str, int]]
    # Where those stand that have the device's name, by what they were sent in this node's life.
    applied: Callable[[], Mapping[str, tuple[str, int]]]
    acked: Mapping[str, tuple[str, int]] = field(default_factory=dict)


class Judge:
    """One socket's journal. `fail(verdict, text)` takes what is wrong."""

    def __init__(
        self, name: str, stored: Stored, asked: Asked, fail: Callable[[str, str], None]
    ) -> None:
        self.name = name
        self.asked = asked
        self.places: dict[str, StreamPosition] = {}
        self.types = asked.types
        self.rooms: dict[str, dict[str, int]] = {}  # joined: the number of each key's last value
        self.rates: dict[str, str] = {}
        self._acking: dict[str, str] = {}  # by the id of an ack: the life in which it was said
        self._stored = stored
        self._fail_with = fail

    def fail(self, verdict: str, text: str) -> None:
        assert verdict in VERDICTS, verdict
        self._fail_with(verdict, f"{self.name}: {text}")

    def said(self, command: Mapping[str, Any]) -> None:
        """Take note of a command that the server is given."""
        if command["type"] == "ack" and command["stream"] in self.places:
            self._acking[command["id"]] = self.places[command["stream"]].epoch

    # -- what is written

    def take(self, message: Message, text: bytes) -> None:
        """Judge the next message that is written to the socket."""
        if message.offset is not None:
            self._event(message, text)
            return
        match message.type:
            case "connection_established":
                self._greeting(message.content())
            case "resync_required":
                self._resync(message.content())
            case "subscription_updated":
                self._filter(frozenset(message.content()["types"]))
            case "pong":
                self._pong(message.content())
            case "acked":
                self._acked(message.content(), message.id)
            case "room_joined":
                data = message.content()
                self.rooms[data["room"]] = {}
                self.rates[data["room"]] = data["rate"]
            case "room_left":
                self.rooms.pop(message.content()["room"], None)
            case "market_update":
                self._value(message)

    def _event(self, message: Message, text: bytes) -> None:
        name, offset = message.stream or "", message.offset or 0
        place = self.places.get(name)
        if place is None:
            self.fail("foreign", f"{name}#{offset}")
            return
        where = f"{name}#{offset} in {place.epoch}"
        entry = self._life(name, place.epoch).get(offset)
        if entry is None or entry.payload.encode() != text:
            self.fail("content", f"{where} is not what the log has")
            return
        if place.silent is not None:
            self.fail("begin", f"{where}: {place.silent}")
        if not self._wants(entry):
            self.fail("unwanted", f"{where}, {entry.filter_type}, with {sorted(self.types)}")
        if offset <= place.least:
            self.fail("doubled", f"{where} after {place.least}")
            return
        before = min(place.most, offset - 1)
        if missed := self._wanted(name, place.epoch, before, offset - 1):
            self.fail("lost", f"{where} after {place.least}-{place.most}, without {missed}")
        place.least = place.most = offset
        place.claims = ()

    def _life(self, name: str, epoch: str) -> Mapping[int, StoredEvent]:
        stream = self._stored.streams.get(name)
        return stream.lives.get(epoch, {}) if stream is not None else {}

    def _wants(self, entry: StoredEvent) -> bool:
        return not entry.filter_type or not self.types or entry.filter_type in self.types

    def _wanted(self, name: str, epoch: str, after: int, until: int) -> list[int]:
        life = self._life(name, epoch)
        return [
            offset
            for offset in range(after + 1, until + 1)
            if offset in life and self._wants(life[offset])
        ]

    def advance(self, name: str) -> StreamPosition:
        """Let the server be as far as this socket's filter allows without a message."""
        place = self.places[name]
        life = self._life(name, place.epoch)
        while (entry := life.get(place.most + 1)) is not None and not self._wants(entry):
            place.most += 1
        return place

    def _filter(self, types: frozenset[str]) -> None:
        for name in self.places:
            self.advance(name)
        self.types = types

    def _pong(self, data: Any) -> None:
        for name, at in data["positions"].items():
            if not isinstance(at, dict):
                return
            place = self.advance(name)
            if at["epoch"] != place.epoch or not place.least <= at["offset"] <= place.most:
                self.fail("ahead", f"pong says {name} {at}, and it is at {place}")
            else:
                place.least = place.most = at["offset"]

    def _acked(self, data: Any, command: str | None) -> None:
        """Compare with what is stored: of the life in which the ack was said, as no other has it.

        A resynchronisation may come between an ack and its answer.
        """
        name, offset = data["stream"], data["offset"]
        key = (self.asked.user_id, self.asked.device, name)
        epoch, acked = self._stored.cursors.get(key, ("", -1))
        said = self._acking.pop(command or "", self.places[name].epoch)
        if epoch == said and acked < offset:
            self.fail("cursor", f"{name}: told {offset}, stored {acked}")
        elif not epoch and acked < 0:
            self.fail("cursor", f"{name}: told {offset}, nothing stored")

    # -- where it begins, and begins anew

    def _greeting(self, data: Any) -> None:
        if data["user_id"] != str(self.asked.user_id):
            self.fail("foreign", f"greeted as {data['user_id']}")
        wanted = {f"user:{self.asked.user_id}", "announcements"}
        if data["positions"].keys() != wanted:
            self.fail("foreign", f"follows {[*data['positions']]}")
        for name, at in data["positions"].items():
            self._begin(name, at["epoch"], at["offset"])

    def _begin(self, name: str, epoch: str, offset: int) -> None:
        place = self.places[name] = StreamPosition(name, epoch, offset, offset)
        stream = self._stored.streams[name]
        old_epoch, old_head = self.asked.heads.get(name, (None, 0))
        recent = list(stream.lives)[max(0, stream.order(old_epoch or "")) :]
        if epoch not in recent or offset > stream.head_of(epoch):
            self.fail("ahead", f"{name} begins at {offset} of {epoch}")
        claims = place.claims = self._claims(name)
        if (epoch, offset) in claims or (None, offset) in claims:
            pass
        elif claims:
            if not self._may_be_new(name):
                place.silent = f"begun at {offset} of {epoch}, and asked for one of {claims}"
        elif epoch == old_epoch and offset < old_head:
            self.fail("begin", f"a new device, {name} at {offset}, below the head {old_head}")
        applied_epoch, applied = self.asked.applied().get(name, ("", 0))
        if epoch == applied_epoch and (lost := self._wanted(name, epoch, applied, offset)):
            place.silent = f"begun at {offset}, and the device never got {lost}"
        if applied_epoch and stream.order(applied_epoch) < stream.order(epoch):
            place.silent = f"begun in {epoch}, and the device has only been told of {applied_epoch}"
        acked_epoch, acked = self.asked.acked.get(name, ("", 0))
        if epoch == acked_epoch and offset < acked:
            place.silent = f"begun at {offset}, and {acked} was acknowledged"

    def _claims(self, name: str) -> list[tuple[str | None, int]]:
        """The positions at which the device may go on: its own, or those of its cursor."""
        if name in self.asked.since:
            return [self.asked.since[name]]
        if not self.asked.device:
            return []
        moves = self._stored.moves.get((self.asked.user_id, self.asked.device, name), [])
        before = [(epoch, acked) for at, epoch, acked in moves if at <= self.asked.at][-1:]
        return [*before, *((epoch, acked) for at, epoch, acked in moves if at > self.asked.at)]

    def _may_be_new(self, name: str) -> bool:
        """Say whether the device had no cursor when it connected, and perhaps no other claim."""
        moves = self._stored.moves.get((self.asked.user_id, self.asked.device, name), [])
        return name not in self.asked.since and not any(at <= self.asked.at for at, _, _ in moves)

    def _resync(self, data: Any) -> None:
        name, reason = data["stream"], data["reason"]
        epoch, offset = data["position"]["epoch"], data["position"]["offset"]
        if name not in self.places:
            self.fail("foreign", f"told to resynchronise {name}")
            return
        place, stream = self.advance(name), self._stored.streams[name]
        told = f"{name}: {reason}, to {offset} of {epoch}, from {place}"
        if not self._is_justified(place, stream, reason, epoch):
            self.fail("resync", told)
        if epoch not in stream.lives or offset > stream.head_of(epoch):
            self.fail("resync", f"{told}, where nothing is")
        elif stream.order(epoch) < stream.order(place.epoch):
            self.fail("resync", f"{told}, which is over")
        self.places[name] = StreamPosition(name, epoch, offset, offset)

    def _is_justified(self, place: StreamPosition, stream: Stream, reason: str, epoch: str) -> bool:
        stood = [*place.claims, (place.epoch, place.least)]
        match reason:
            case "epoch":
                return any(known not in (None, epoch) for known, _ in stood)
            case "trimmed":
                return any(stream.floor > at for _, at in stood)
            case _:
                _, head = self.asked.heads.get(place.name, ("", 0))
                return any(at > min(head, stream.head) for _, at in place.claims)

    # -- rooms

    def _value(self, message: Message) -> None:
        if message.room not in self.rooms:
            self.fail("foreign", f"a value of {message.room}")
            return
        data = message.content()
        key, number = data["symbol"], int(data["price"])
        last = self.rooms[message.room].get(key, -1)
        if number < last or (number == last and self.rates.get(message.room) == "realtime"):
            self.fail("room", f"{message.room} {key}: {number} after {last}")
        self.rooms[message.room][key] = number

    # -- the end

    def behind(self) -> list[str]:
        """Say in which streams the socket has not got everything yet."""
        found = []
        for name in self.places:
            place, stream = self.advance(name), self._stored.streams[name]
            if place.epoch != stream.epoch or place.most < stream.head or place.silent:
                found.append(f"{name} at {place}, of {stream.head} of {stream.epoch}")
        return found
