"""Requests that are not answered yet. `Talk` owns them; nothing here sends."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

Message = dict[str, Any]

_ROOM_COMMANDS = frozenset({"join_room", "leave_room"})


class ServerError(Exception):
    """The server answered with `error`; the request changed nothing.

    `retryable` says whether a repetition can succeed. `rooms` are the rooms of the request that
    it is about; empty: no room, or all.
    """

    def __init__(self, code: str, message: str, retryable: bool, rooms: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
        self.rooms = list(rooms)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> ServerError:
        """Create it from the `data` of an `error`."""
        return cls(
            str(data.get("code")),
            str(data.get("message")),
            bool(data.get("retryable")),
            [str(room) for room in data.get("rooms") or ()],
        )


Answer = Message | ServerError


class Request:
    """A message with its own id, and its answers: one, or one per room.

    An error may answer several rooms; `of_rooms` has the answer of each room.
    """

    def __init__(self, message: Mapping[str, Any], request_id: str) -> None:
        self.message: Message = {**message, "id": request_id}
        self.id = request_id
        rooms = message.get("rooms") if message.get("type") in _ROOM_COMMANDS else None
        self.rooms: list[str] = list(dict.fromkeys(rooms or ()))
        self.answers: list[Answer] = []
        self.of_rooms: dict[str, Answer] = {}
        self.answered: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()

    def take(self, answer: Answer) -> None:
        """Record an answer; the last one, or an error of the whole command, ends the request."""
        self.answers.append(answer)
        if self.rooms:
            rooms = answer.rooms if isinstance(answer, ServerError) else [answer["room"]]
            # An error that names no room is about the command.
            meant = [room for room in self.rooms if room in rooms] if rooms else self.rooms
            self.of_rooms |= dict.fromkeys(meant, answer)
        if len(self.of_rooms) >= len(self.rooms) and not self.answered.done():
            self.answered.set_result(self.answers)

    @property
    def result(self) -> Any:
        """The data of the answer, or a list for rooms. Raises the first ServerError."""
        for answer in self.answers:
            if isinstance(answer, ServerError):
                raise answer
        return self.answers if self.rooms else self.answers[0]


class Requests:
    """The open requests, the oldest first."""

    def __init__(self) -> None:
        self._open: dict[str, Request] = {}
        self._numbers = itertools.count(1)

    def open(self, message: Mapping[str, Any]) -> Request:
        """Create a request; replaces the message's own `id`."""
        request = Request(message, f"c{next(self._numbers)}")
        self._open[request.id] = request
        return request

    def close(self, request: Request) -> None:
        """Forget a request."""
        self._open.pop(request.id, None)

    def take(self, message: Message) -> None:
        """Give an answer to its request, if there is one."""
        request = self._open.get(str(message.get("id")))
        if request is not None:
            data = message["data"]
            request.take(ServerError.of(data) if message["type"] == "error" else data)

    def again(self) -> list[Message]:
        """Return the messages to send on a new connection; drops partial answers."""
        for request in self._open.values():
            request.answers.clear()
            request.of_rooms.clear()
        return [request.message for request in self._open.values() if not request.answered.done()]

    def unheard(self) -> list[Message]:
        """Return the messages without any answer."""
        return [request.message for request in self._open.values() if not request.answers]

    def fail(self, reason: str) -> None:
        """End all requests with a ConnectionError."""
        for request in self._open.values():
            if not request.answered.done():
                request.answered.set_exception(ConnectionError(reason))
