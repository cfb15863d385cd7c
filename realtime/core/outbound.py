"""What waits to be written to one socket: ordered, and bounded in bytes.

Three kinds of message wait here. Answers always fit, since a client may only ask
so much. Events of the log are refused once the limit is reached: they are in the
log, and are read from there when the socket has drained. Market data is conflated:
a newer value takes the place of a waiting one of the same key, so that no more of
it waits than there are keys.
"""

from __future__ import annotations

from collections import deque


class Frame:
    """One encoded message, shared by all sockets that it goes to."""

    __slots__ = ("_text", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._text: str | None = None

    @property
    def text(self) -> str:
        """The message as text, decoded once whatever the audience."""
        if self._text is None:
            self._text = self.data.decode()
        return self._text


class Outbound:
    """The queue of one socket."""

    __slots__ = ("_bytes", "_keyed", "_limit", "_queue")

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._queue: deque[Frame | str] = deque()
        self._keyed: dict[str, Frame] = {}
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._queue)

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._bytes

    def put(self, frame: Frame) -> None:
        """Queue an answer; it always fits."""
        self._queue.append(frame)
        self._bytes += len(frame.data)

    def offer(self, frame: Frame) -> bool:
        """Queue an event of the log, or refuse it because too much waits already."""
        if self._bytes >= self._limit:
            return False
        self.put(frame)
        return True

    def put_newest(self, key: str, frame: Frame) -> None:
        """Queue a value of which only the newest per key matters.

        The place in the queue is that of the value it replaces, so a busy key never
        overtakes and never starves.
        """
        waiting = self._keyed.get(key)
        self._keyed[key] = frame
        if waiting is None:
            self._queue.append(key)
            self._bytes += len(frame.data)
        else:
            self._bytes += len(frame.data) - len(waiting.data)

    def forget(self, prefix: str) -> None:
        """Drop waiting values whose key begins with `prefix`, as of a room that was left."""
        for key in [key for key in self._keyed if key.startswith(prefix)]:
            self._bytes -= len(self._keyed.pop(key).data)

    def pop(self) -> Frame | None:
        """Take the next frame, or None when nothing waits."""
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, str):
                frame = self._keyed.pop(item, None)
                if frame is None:
                    continue
            else:
                frame = item
            self._bytes -= len(frame.data)
            return frame
        return None

    def clear(self) -> None:
        self._queue.clear()
        self._keyed.clear()
        self._bytes = 0
