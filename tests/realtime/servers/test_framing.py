"""`serve` answers frames that are out of order, broken or too many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.frames import CLOSE, PING, PONG, TEXT
from tests.services.frames import frame as masked
from tests.services.raw import RawClient, RawFrame
from tests.services.server import Server

pytestmark = pytest.mark.servers

NORMAL = (1000).to_bytes(2, "big")
NO_UTF8 = masked(TEXT, b"\xff")
NO_OPCODE = masked(0x3)


@pytest.fixture(scope="module")
def echoing() -> Iterator[Server]:
    with Server(env={"WS_ECHO": "1"}) as server:
        yield server


@pytest.fixture
def client(echoing: Server) -> Iterator[RawClient]:
    with RawClient(f"ws://127.0.0.1:{echoing.port}/ws/echo") as client:
        yield client


def until_the_end(client: RawClient) -> list[RawFrame]:
    frames = []
    try:
        while True:
            frames.append(client.receive())
    except EOFError:
        return frames


def code_of(frame: RawFrame) -> int:
    assert frame.opcode == CLOSE
    return int.from_bytes(frame.payload[:2], "big")


def test_nothing_follows_a_close_frame(client: RawClient) -> None:
    client.send(masked(PING, b"p") + masked(TEXT, b"hi") + masked(CLOSE, NORMAL))
    *before, last = until_the_end(client)
    assert {frame.payload for frame in before} == {b"p", b"hi"}
    assert code_of(last) == 1000


def test_messages_before_a_broken_frame_are_answered(client: RawClient) -> None:
    client.send(masked(TEXT, b"one") + masked(TEXT, b"two") + NO_OPCODE)
    *before, last = until_the_end(client)
    assert [frame.payload for frame in before] == [b"one", b"two"]
    assert code_of(last) == 1002


@pytest.mark.parametrize(
    ("behind", "code"),
    [(b"", 1007), (masked(TEXT, b"hi"), 1007), (masked(CLOSE, NORMAL), 1000), (NO_OPCODE, 1002)],
    ids=["nothing", "text", "close", "broken"],
)
def test_invalid_utf8_closes_and_logs_no_error(
    echoing: Server, client: RawClient, behind: bytes, code: int
) -> None:
    client.send(NO_UTF8 + behind)
    (last,) = until_the_end(client)
    assert code_of(last) == code
    assert "ERROR" not in echoing.log()


def test_a_client_that_reads_no_pongs_gets_the_latest_one(client: RawClient) -> None:
    pings = 60_000
    client.send(masked(PING, b"x" * 125) * pings + masked(PING, b"latest"))
    answers = 1
    while (frame := client.receive()).payload != b"latest":
        assert frame.opcode == PONG
        answers += 1
    assert answers < pings / 2
    client.send(masked(TEXT, b"hi") + masked(PING, b"again"))
    assert [client.receive().payload for _ in range(2)] == [b"hi", b"again"]
