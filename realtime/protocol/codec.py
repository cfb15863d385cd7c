"""Bytes to commands, payloads to bytes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
from msgspec import Raw, Struct

from realtime.protocol.codes import ErrorCode
from realtime.protocol.commands import COMMAND_TYPES, AnyCommand
from realtime.protocol.messages import Payload


class ProtocolError(Exception):
    """A client's message is refused: why (`code`, the text), and the `id` it carried."""

    def __init__(self, code: ErrorCode, message: str, request_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.request_id = request_id


class Envelope(Struct, omit_defaults=True):
    """The outer shape of every server message; what is None is left out."""

    type: str
    data: Payload | Raw
    timestamp: str
    stream: str | None = None
    offset: int | None = None
    room: str | None = None
    id: str | None = None


class _Header(Struct):
    type: Any = None
    id: Any = None


_TIMESTAMP = '"timestamp":"'
_MOMENT_LENGTH = len("2026-01-01T00:00:00.000Z")
_UTC_LENGTH = len("+00:00")

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
_header = msgspec.json.Decoder(_Header)


class GivenTwice(Exception):
    """A name that one reader would take from its first place and another from its last."""


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of JSON. Raises GivenTwice, with the name."""
    found = dict(pairs)
    if len(found) != len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise GivenTwice(name)
    return found


_unambiguous = json.JSONDecoder(object_pairs_hook=each_once)
_QUOTED = {
    kind: ['"type"', *(f'"{field}"' for field in kind.__struct_fields__)]
    for kind in get_args(AnyCommand)
}


def _may_repeat_a_field(text: str, command: AnyCommand) -> bool:
    """Tell commands that need a second look from those that cannot name a field twice.

    A command is flat, and has only fields of its own: one that is named twice is either
    written twice as it is, or with an escape.
    """
    return "\\" in text or any(text.count(name) > 1 for name in _QUOTED[type(command)])


def timestamp(moment: datetime | None = None) -> str:
    """Write a moment, by default now, as RFC 3339 in UTC with milliseconds and `Z`."""
    moment = datetime.now(UTC) if moment is None else moment.astimezone(UTC)
    # strftime would write years before 1000 with fewer than four digits.
    return moment.isoformat(timespec="milliseconds")[:-_UTC_LENGTH] + "Z"


def sent_at(text: str) -> float | None:
    """Read the time of an encoded message in seconds, None if it has none."""
    begin = text.rfind(_TIMESTAMP)  # the envelope's is the last
    try:
        moment = text[begin + len(_TIMESTAMP) : begin + len(_TIMESTAMP) + _MOMENT_LENGTH]
        return datetime.fromisoformat(moment).timestamp() if begin >= 0 else None
    except ValueError:
        return None


def optional_timestamp(moment: datetime | None) -> str | None:
    """Write a moment as `timestamp` does, and none as none."""
    return None if moment is None else timestamp(moment)


def encode(
    payload: Payload,
    *,
    stream: str | None = None,
    offset: int | None = None,
    room: str | None = None,
    request_id: str | None = None,
    moment: str | None = None,
) -> bytes:
    """Encode one message, envelope and all."""
    head = Envelope(
        payload.wire_type, payload, moment or timestamp(), stream, offset, room, request_id
    )
    return _encoder.encode(head)


def encode_raw(wire_type: str, data: Raw, *, room: str, moment: str) -> bytes:
    """Put the envelope of a room's message around `data` that is JSON already."""
    return _encoder.encode(Envelope(type=wire_type, data=data, timestamp=moment, room=room))


def encode_data(payload: Payload) -> bytes:
    """Encode a payload alone, to be enveloped later by `encode_raw`."""
    return _encoder.encode(payload)


def decode(text: str) -> AnyCommand:
    """Read a client's message.

    Raises ProtocolError, with the request's id where it can still be read.
    """
    try:
        command = _decoder.decode(text)
        if _may_repeat_a_field(text, command):
            _unambiguous.decode(text)
        return command
    except msgspec.ValidationError as error:
        raise _explain(text, error) from None
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise ProtocolError(ErrorCode.INVALID_JSON, "The message is not valid JSON.") from None
    except RecursionError:
        raise ProtocolError(ErrorCode.INVALID_JSON, "The message is nested too deeply.") from None
    except GivenTwice as twice:
        raise ProtocolError(
            ErrorCode.INVALID_MESSAGE, f"The field `{twice}` is given twice.", command.id
        ) from None


def _explain(text: str, error: msgspec.ValidationError) -> ProtocolError:
    """Find out, off the hot path, what is wrong with JSON that is not a command."""
    try:
        header = _header.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return ProtocolError(ErrorCode.INVALID_MESSAGE, "A message is a JSON object with a `type`.")
    request_id = header.id if isinstance(header.id, str) and len(header.id) <= 64 else None
    if header.type is None:
        return ProtocolError(ErrorCode.INVALID_MESSAGE, "The field `type` is missing.", request_id)
    if not isinstance(header.type, str) or header.type not in COMMAND_TYPES:
        return ProtocolError(
            ErrorCode.UNKNOWN_TYPE,
            "Unknown message type. Known are: " + ", ".join(sorted(COMMAND_TYPES)) + ".",
            request_id,
        )
    return ProtocolError(ErrorCode.INVALID_MESSAGE, f"{error}.", request_id)
