"""The queue of one socket: ordered, and bounded in bytes.

Three kinds of message wait here. Answers always fit, since a client's requests are limited.
Events of the log are refused once the limit is reached: they are in the log, and are read from
there when the socket has drained. Market data is conflated: while a socket is held up, a newer
value replaces a waiting one of the same key, so at most one value per key waits.
"""

from __future__ import annotations

from realtime.core.frames import Frame
from realtime.meters import meters


class Outbound:
    """The queue of one socket; `size` tells the bytes that wait.

    `offer` runs once a delivery, millions of times an hour: it is kept short.
    """

    __slots__ = ("_accepts", "_keyed", "_limit", "_waiting", "holding", "size")

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._waiting: list[Frame | str] = []
        self._keyed: dict[str, Frame] | None = None  # most sockets never need one
        self._accepts = True
        self.holding = False  # True while the waiting values may not leave
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def begin(self) -> None:
        """Called when the first frame is queued; a subclass has it written."""

    def put(self, frame: Frame) -> None:
        """Queue an answer; it always fits."""
        if not self._accepts:
            return
        if not self._waiting:
            self.begin()
        self._waiting.append(frame)
        self.size += frame.size

    def offer(self, frame: Frame) -> bool:
        """Queue an event of the log, or refuse it because too much waits already.

        Return True also if the socket accepts nothing any more: the event needs no other way.
        """
        if self.size >= self._limit:
            return not self._accepts
        waiting = self._waiting
        if not waiting:
            self.begin()
        waiting.append(frame)
        self.size += frame.size
        return True

    def put_newest(self, key: str, frame: Frame) -> None:
        """Queue a value of which only the newest per key matters, if it must wait.

        The place in the queue is that of the value it replaces, so a busy key never
        overtakes and never starves.
        """
        if not self._accepts:
            return
        if not self.holding:
            Outbound.put(self, frame)
            return
        keyed = self._keyed
        if keyed is None:
            keyed = self._keyed = {}
        waiting = keyed.get(key)
        keyed[key] = frame
        if waiting is None:
            if not self._waiting:
                self.begin()
            self._waiting.append(key)
            self.size += frame.size
        else:
            self.size += frame.size - waiting.size
            meters.dropped_prices += 1

    def forget(self, prefix: str) -> None:
        """Drop waiting values whose key begins with `prefix`, such as those of a left room."""
        if self._keyed:
            gone = {key for key in self._keyed if key.startswith(prefix)}
            for key in gone:
                self.size -= self._keyed.pop(key).size
            self._waiting = [item for item in self._waiting if item not in gone]

    def take(self) -> list[Frame]:
        """Take everything that waits, in order."""
        waiting, self._waiting = self._waiting, []
        keyed, self._keyed = self._keyed, None
        self.size = 0
        if keyed is None:
            return waiting  # type: ignore[return-value]  # without keys there are only frames
        found = (keyed.pop(item, None) if isinstance(item, str) else item for item in waiting)
        return [frame for frame in found if frame is not None]

    def refuse(self) -> None:
        """Take nothing any more; what waits already may still be taken."""
        self._accepts = False
        self._limit = 0
