"""Reading commands and writing messages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from realtime.protocol import codec
from realtime.protocol.answers import Pong
from realtime.protocol.codes import ErrorCode
from realtime.protocol.commands import COMMAND_TYPES, Ping
from realtime.protocol.connection import Position


def test_a_command_is_read() -> None:
    assert codec.decode('{"type":"ping","id":"1"}') == Ping(id="1")


INVALID = [
    ("", ErrorCode.INVALID_JSON, None),
    ("{", ErrorCode.INVALID_JSON, None),
    ('{"type":"ping"} trailing', ErrorCode.INVALID_JSON, None),
    ('{"type":"ping","id":"\\ud800"}', ErrorCode.INVALID_JSON, None),
    ("[]", ErrorCode.INVALID_MESSAGE, None),
    ("[" * 5000, ErrorCode.INVALID_MESSAGE, None),
    ("5", ErrorCode.INVALID_MESSAGE, None),
    ("null", ErrorCode.INVALID_MESSAGE, None),
    ("{}", ErrorCode.INVALID_MESSAGE, None),
    ('{"id":"a"}', ErrorCode.INVALID_MESSAGE, "a"),
    ('{"type":null,"id":"a"}', ErrorCode.INVALID_MESSAGE, "a"),
    ('{"type":"nothing","id":"a"}', ErrorCode.UNKNOWN_TYPE, "a"),
    ('{"type":"_","room":"a"}', ErrorCode.UNKNOWN_TYPE, None),
    ('{"type":5,"id":"a"}', ErrorCode.UNKNOWN_TYPE, "a"),
    ('{"type":{"a":1}}', ErrorCode.UNKNOWN_TYPE, None),
    ('{"type":"ping","surplus":1,"id":"a"}', ErrorCode.INVALID_MESSAGE, "a"),
    ('{"type":"ping","id":5}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"ping","id":"' + "x" * 65 + '"}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"join_room"}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"join_room","room":"a","rooms":["b"]}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"join_room","room":""}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"join_room","room":7}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"join_room","rooms":[]}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"join_room","room":"a","rate":"2s"}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"ack","stream":"user:1"}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"ack","stream":"user:1","offset":1.5}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"ack","stream":"user:1","offset":"1"}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"subscribe_notifications"}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"subscribe_notifications","types":["no"]}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"authenticate"}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"leave_room","rooms":[]}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"ack","stream":"user:1","offset":-1}', ErrorCode.INVALID_MESSAGE, None),
    ('{"type":"ack","stream":"user:1","offset":9007199254740992}', ErrorCode.INVALID_MESSAGE, None),
]


@pytest.mark.parametrize(("text", "code", "request_id"), INVALID)
def test_an_invalid_message_has_its_error(
    text: str, code: ErrorCode, request_id: str | None
) -> None:
    with pytest.raises(codec.ProtocolError) as caught:
        codec.decode(text)
    assert caught.value.code is code
    assert caught.value.request_id == request_id
    assert caught.value.message.endswith(".")


def test_ten_thousand_rooms_are_refused() -> None:
    rooms = [f"r{number}" for number in range(10_000)]
    with pytest.raises(codec.ProtocolError, match="rooms"):
        codec.decode(json.dumps({"type": "join_room", "rooms": rooms}))


def test_the_envelope_is_written() -> None:
    text = codec.encode(
        Pong(positions={"user:1": Position(offset=2, epoch="e")}),
        stream="s",
        offset=3,
        room="r",
        request_id="q",
    )
    message = json.loads(text)
    assert datetime.fromisoformat(message.pop("timestamp")).tzinfo is not None
    assert message == {
        "type": "pong",
        "data": {"positions": {"user:1": {"offset": 2, "epoch": "e"}}},
        "stream": "s",
        "offset": 3,
        "room": "r",
        "id": "q",
    }


def test_fields_that_do_not_apply_are_left_out() -> None:
    assert json.loads(codec.encode(Pong(positions={}))).keys() == {
        "type",
        "data",
        "timestamp",
    }


def test_times_are_written_in_utc_with_milliseconds() -> None:
    nairobi = timezone(timedelta(hours=3))
    moment = datetime(2026, 11, 22, 23, 4, 5, 6999, nairobi)
    assert codec.timestamp(moment) == "2026-11-22T20:04:05.006Z"
    assert codec.timestamp(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    assert codec.timestamp(datetime(382, 4, 9, tzinfo=UTC)) == "0382-04-09T00:00:00.000Z"


def test_every_command_of_the_design_is_known() -> None:
    assert {
        "ping",
        "join_room",
        "leave_room",
        "list_rooms",
        "subscribe_notifications",
        "unsubscribe_notifications",
        "ack",
        "presence",
        "authenticate",
    } == COMMAND_TYPES
