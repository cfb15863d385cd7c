"""What a socket is answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from realtime.conversation import Conversation
from realtime.core.connection import Connection
from realtime.core.continuity import Place
from realtime.hub import Hub
from realtime.log import Entry
from realtime.options import Options
from realtime.socket import Socket
from tests.realtime.rig import STREAM, Notebook, offsets, turned

pytestmark = pytest.mark.django_db(transaction=True)


class Talk:
    """A hub that was not started, and one socket on it that follows one stream."""

    def __init__(self, types: Sequence[str] = (), place: Place | None = None) -> None:
        self.hub = Hub(Options())
        self.notebook = Notebook()
        state = Connection("c", self.hub.options.limits)
        state.user_id, state.subscriptions = 1, frozenset(types)
        self.socket = self.notebook.socket = Socket(
            state, self.notebook, self.hub.turn, self.hub.options.max_buffer_bytes
        )
        self.followed = self.hub.following.add(STREAM, self.socket)
        self.followed.place = Place("e", 0)
        state.places[STREAM] = place or Place("e", 0)
        if place is None:
            self.hub.following.begin(self.socket, self.followed)
        self.conversation = Conversation(self.hub, self.socket)
        self.conversation.busy = False

    def publish(self, count: int, *, size: int = 10, topic: str = "system") -> None:
        first = self.followed.place.offset + 1
        for offset in range(first, first + count):
            text = f'{{"offset":{offset},"pad":"{"x" * size}"}}'
            self.hub.following.hear([Entry(STREAM, "e", offset, "n", topic, text)])

    def say(self, **command: Any) -> None:
        self.conversation.put_nowait({"type": "websocket.receive", "text": json.dumps(command)})

    async def heard(self, kind: str) -> list[dict[str, Any]]:
        """Return what was answered of one type so far."""
        await turned()
        return [m["data"] for m in self.notebook.messages() if m.get("type") == kind]

    async def pong(self) -> Any:
        self.say(type="ping")
        return (await self.heard("pong"))[-1]["positions"]


async def test_a_pong_counts_what_was_filtered() -> None:
    talk = Talk(types=["balance"])
    talk.publish(1, topic="balance")
    talk.publish(4, topic="system")
    assert await talk.pong() == {STREAM: {"offset": 5, "epoch": "e"}}
    assert offsets(talk.notebook) == [1]


async def test_a_pong_speaks_of_this_socket_and_not_of_the_node() -> None:
    talk = Talk(place=Place("e", 2))  # it waits for a replay
    talk.publish(7)
    assert await talk.pong() == {STREAM: {"offset": 2, "epoch": "e"}}


@pytest.mark.parametrize("types", [(), ("system",)])
async def test_a_pong_never_speaks_of_what_a_burst_of_this_turn_could_not_leave(
    types: Sequence[str],
) -> None:
    talk = Talk(types=types)
    if not types:
        talk.socket.pipe = None  # something waits: what comes is queued
    talk.publish(11, size=8500)  # the queue takes eight, and refuses three in the last piece
    talk.say(type="ping")
    talk.socket.flush()
    [pong] = await talk.heard("pong")
    assert pong["positions"][STREAM]["offset"] == offsets(talk.notebook)[-1] == 8
    talk.socket.gone()


async def test_before_the_login_a_pong_knows_no_stream() -> None:
    talk = Talk()
    talk.socket.connection.places.clear()
    assert await talk.pong() == {}
