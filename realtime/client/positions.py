"""The client's position in each stream, and what an event's offset means there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Verdict(Enum):
    """The relation of an event to the client's position in its stream."""

    NEW = "the next one"
    OLD = "seen already"
    GAP = "something before it is missing"


class Positions:
    """The offsets received, by stream, and the epoch that they belong to.

    The epoch is one text for all streams, as the greeting gave it, and is handed back as
    it is. The positions of a greeting are not taken over before it is known that no
    `resync_required` follows: old offsets under a new epoch would be continued in silence.
    """

    def __init__(self, offsets: Mapping[str, int] | None = None, epoch: str = "") -> None:
        self.offsets = dict(offsets or {})
        self.epoch = epoch
        self._greeting: Mapping[str, Any] | None = None
        self._filters = False
        # The streams without holes since a filter has ended; None: no filter on this connection.
        self._whole: set[str] | None = None

    def greet(self, data: Mapping[str, Any], *, resumable: bool) -> bool:
        """Take a greeting; without anything to resume from, it holds at once: then True.

        `resumable` says that the server may have had a position of its own, a device's ack.
        """
        self._greeting = data
        return not (resumable or self.offsets) and self.confirm()

    def confirm(self) -> bool:
        """Note that the server goes on from here: what the greeting said holds.

        True when that is news.
        """
        if self._greeting is None:
            return False
        for stream, position in self._greeting["positions"].items():
            self.offsets.setdefault(stream, position["offset"])
        self.epoch, self._greeting = self._greeting["epoch"], None
        return True

    def doubt(self) -> None:
        """Note that it does not: until `reset`, offsets and epoch stay what they were."""
        self._greeting = None

    def reset(self, snapshot: Mapping[str, Any]) -> None:
        """Go on from where a snapshot was taken."""
        self.offsets = {name: place["offset"] for name, place in snapshot["positions"].items()}
        self.epoch, self._greeting = snapshot["epoch"], None

    def connect(self, filtered: bool) -> None:
        """Begin a connection, with a filter or without.

        Filters of the one before leave no holes in it: it is sent all that came after `since`.
        """
        self._filters = filtered
        self._whole = set() if filtered else None

    def filtered(self, on: bool) -> None:
        """Note a change of the filter.

        While there is one, offsets are missing on purpose, and once more in each stream after
        it has ended: what it left out before is not known yet.
        """
        if on:
            self._whole = set()
        self._filters = on

    def _may_skip(self, stream: str) -> bool:
        return self._whole is not None and stream not in self._whole

    def _reach(self, stream: str, offset: int) -> None:
        self.offsets[stream] = offset
        if self._whole is not None and not self._filters:
            self._whole.add(stream)

    def take(self, stream: str, offset: int) -> Verdict:
        """Say what an event is, and stand at it if it is new."""
        position = self.offsets.get(stream)
        if position is not None:
            if offset <= position:
                return Verdict.OLD
            if offset > position + 1 and not self._may_skip(stream):
                return Verdict.GAP
        self._reach(stream, offset)
        return Verdict.NEW

    def told(self, positions: Mapping[str, Any]) -> str | None:
        """Take a `pong`, which says up to where this connection was sent each stream.

        While a subscription filters, what lies between was left out. Returns the name of a
        stream of which something else is missing.
        """
        for stream, place in positions.items():
            position, offset = self.offsets.get(stream), int(place["offset"])
            if position is None:
                continue
            if offset > position and not self._may_skip(stream):
                return stream
            self._reach(stream, max(offset, position))
        return None

    def since(self) -> str:
        """Write them as the `since` of a connection."""
        return ",".join(f"{stream}:{offset}" for stream, offset in self.offsets.items())
