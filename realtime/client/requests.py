"""What was asked and is not answered yet."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from realtime.client.errors import ServerError

Message = dict[str, Any]
Answer = Message | ServerError

_ROOM_COMMANDS = frozenset({"join_room", "leave_room"})


class Request:
    """A message with an id of its own, and its answers: one, or those of its rooms.

    An error may answer several rooms at once; `of_rooms` has the answer to each.
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
        """Note an answer; the last one, or an error of the whole command, ends the request."""
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
        """The data of the answer; of several, a list. Raises the first ServerError of them."""
        for answer in self.answers:
            if isinstance(answer, ServerError):
                raise answer
        return self.answers if self.rooms else self.answers[0]


class Requests:
    """The open requests, oldest first."""

    def __init__(self) -> None:
        self._open: dict[str, Request] = {}
        self._numbers = itertools.count(1)

    def open(self, message: Mapping[str, Any]) -> Request:
        """Begin a request; a message's own `id` is replaced."""
        request = Request(message, f"c{next(self._numbers)}")
        self._open[request.id] = request
        return request

    def close(self, request: Request) -> None:
        """Expect nothing more of it."""
        self._open.pop(request.id, None)

    def take(self, message: Message) -> None:
        """Hand an answer to whoever asked."""
        request = self._open.get(str(message.get("id")))
        if request is not None:
            data = message["data"]
            request.take(ServerError.of(data) if message["type"] == "error" else data)

    def again(self) -> list[Message]:
        """Return what must be asked again on a new connection; old answers count no more."""
        for request in self._open.values():
            request.answers.clear()
            request.of_rooms.clear()
        return [request.message for request in self._open.values() if not request.answered.done()]

    def unheard(self) -> list[Message]:
        """Return what has no answer at all."""
        return [request.message for request in self._open.values() if not request.answers]

    def fail(self, reason: str) -> None:
        """End all of them with a ConnectionError."""
        for request in self._open.values():
            if not request.answered.done():
                request.answered.set_exception(ConnectionError(reason))
