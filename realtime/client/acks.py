"""What the handlers have applied, and what the server still has to be told of it."""

from __future__ import annotations

from collections.abc import Mapping

ACK_SECONDS = 1.0  # at most one ack a stream in this time


class Applied:
    """Offsets by stream up to where handlers have returned, with their epoch."""

    def __init__(self, offsets: Mapping[str, int] | None, epoch: str) -> None:
        self.offsets = dict(offsets or {})
        self.epoch = epoch
        self._snapshot: tuple[dict[str, int], str] | None = None
        self._waiting: dict[str, int] = {}
        self._sent: dict[str, int] = {}

    def begin(self, offsets: Mapping[str, int], epoch: str) -> None:
        """Stand where a connection began in streams that are not known yet."""
        self.offsets, self.epoch = {**offsets, **self.offsets}, epoch

    def note(self, stream: str, offset: int, epoch: str, *, acknowledge: bool) -> None:
        """Note an event that was handled, and all before it."""
        if self._snapshot is not None:
            self.reset(*self._snapshot)  # its handler failed, and is passed over
        self.offsets[stream], self.epoch = offset, epoch
        if acknowledge:
            self.acknowledge(stream, offset)

    def acknowledge(self, stream: str, offset: int) -> None:
        """Have the server told of an event and all before it."""
        self._waiting[stream] = offset

    @property
    def waits(self) -> bool:
        """Whether there is an ack to send."""
        return bool(self._waiting)

    def due(self) -> dict[str, int]:
        """Return the acks to send, once."""
        due, self._waiting = self._waiting, {}
        self._sent |= due
        return due

    def lost(self) -> None:
        """Send again on a new connection what the last one may not have stored."""
        self._waiting = self._sent | self._waiting
        self._sent = {}

    def bar(self) -> None:
        """Acknowledge nothing of before a resynchronisation: its offsets mean nothing now."""
        self._waiting, self._sent = {}, {}

    def expect(self, offsets: Mapping[str, int], epoch: str) -> None:
        """Note a snapshot that is about to be applied."""
        self._snapshot = dict(offsets), epoch

    def reset(self, offsets: Mapping[str, int], epoch: str) -> None:
        """Stand where an applied snapshot does."""
        self.offsets, self.epoch, self._snapshot = dict(offsets), epoch, None
