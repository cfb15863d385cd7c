"""Joining the wanted rooms again, without a socket."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.client import rooms
from realtime.client.requests import Message, Request, ServerError

BUSY = ServerError("internal", "Try again.", True)
UNKNOWN = ServerError("unknown_room", "No such room.", False)
FULL = ServerError("too_many_rooms", "Leave one first.", False)

Answers = dict[str, ServerError | Message]


async def rejoined(wanted: rooms.Rooms, *answers: Answers | TimeoutError) -> list[list[str]]:
    """Join again against a server that gives these answers; return the rooms of each request."""
    asked: list[list[str]] = []
    due = list(answers)

    async def ask(message: Message) -> Request:
        asked.append(message["rooms"])
        answer = due.pop(0)
        if isinstance(answer, TimeoutError):
            raise answer
        request = Request(message, "c1")
        request.of_rooms |= answer
        return request

    for command in wanted.commands():
        await wanted.rejoin(command, ask)
    return asked


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "RETRY_SECONDS", 0)


@pytest.mark.parametrize("trouble", [{"a": BUSY, "b": {}}, {"a": BUSY, "b": FULL}])
async def test_only_a_retryable_refusal_is_tried_again(trouble: Any) -> None:
    wanted = rooms.Rooms({"a": "realtime", "b": "realtime"})
    assert await rejoined(wanted, trouble, {"a": BUSY}, {"a": {}}) == [["a", "b"], ["a"], ["a"]]
    assert list(wanted.wanted) == ["a", "b"]


async def test_a_request_without_an_answer_is_tried_again() -> None:
    wanted = rooms.Rooms({"a": "realtime"})
    assert await rejoined(wanted, TimeoutError(), {"a": {}}) == [["a"], ["a"]]


async def test_an_unknown_room_is_dropped_and_other_refused_rooms_are_kept() -> None:
    wanted = rooms.Rooms({"a": "realtime", "b": "realtime", "c": "realtime"})
    assert await rejoined(wanted, {"a": UNKNOWN, "b": FULL, "c": {}}) == [["a", "b", "c"]]
    assert list(wanted.wanted) == ["b", "c"]


async def test_a_room_that_was_left_meanwhile_is_not_tried_again() -> None:
    wanted = rooms.Rooms({"a": "realtime", "b": "realtime"})

    async def ask(message: Message) -> Request:
        wanted.wanted.pop("a")
        request = Request(message, "c1")
        request.of_rooms["a"] = BUSY
        return request

    await wanted.rejoin(wanted.commands()[0], ask)
    assert list(wanted.wanted) == ["b"]
