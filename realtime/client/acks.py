"""Positions that the handlers have applied, and acks that are still to be sent.

`Talk` owns it. Pure: it sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping

ACK_SECONDS = 1.0  # at most one ack per stream in this time


class Applied:
    """The offset of each stream up to which handlers have returned, and their epoch."""

    def __init__(self, offsets: Mapping[str, int] | None, epoch: str) -> None:
        self.offsets = dict(offsets or {})
        self.epoch = epoch
        self._snapshot: tuple[dict[str, int], str] | None = None
        self._waiting: dict[str, int] = {}
        self._sent: dict[str, int] = {}

    def begin(self, offsets: Mapping[str, int], epoch: str) -> None:
        """Set the positions of streams that are not known yet to where a connection began."""
        self.offsets, self.epoch = {**offsets, **self.offsets}, epoch

    def note(self, stream: str, offset: int, epoch: str, *, acknowledge: bool) -> None:
        """Record that an event and all before it were handled."""
        if self._snapshot is not None:
            self.reset(*self._snapshot)  # the snapshot's handler failed: skip it
        self.offsets[stream], self.epoch = offset, epoch
        if acknowledge:
            self.acknowledge(stream, offset)

    def acknowledge(self, stream: str, offset: int) -> None:
        """Queue an ack of an event and all before it."""
        self._waiting[stream] = offset

    @property
    def waits(self) -> bool:
        """True if there is an ack to send."""
        return bool(self._waiting)

    def due(self) -> dict[str, int]:
        """Return the acks to send and clear them."""
        due, self._waiting = self._waiting, {}
        self._sent |= due
        return due

    def lost(self) -> None:
        """Queue the acks again that the lost connection may not have stored."""
        self._waiting = self._sent | self._waiting
        self._sent = {}

    def bar(self) -> None:
        """Drop all acks from before a resynchronisation: their offsets are void."""
        self._waiting, self._sent = {}, {}

    def expect(self, offsets: Mapping[str, int], epoch: str) -> None:
        """Record a snapshot that is about to be applied."""
        self._snapshot = dict(offsets), epoch

    def reset(self, offsets: Mapping[str, int], epoch: str) -> None:
        """Set the positions to those of an applied snapshot."""
        self.offsets, self.epoch, self._snapshot = dict(offsets), epoch, None
