"""The TypeScript declarations have each message, and declare each name that they use."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import COMMAND_TYPES, AnyCommand
from realtime.protocol.export import typescript
from realtime.protocol.export.catalogue import carried
from realtime.protocol.messages import PAYLOADS

FROM_THE_LANGUAGE = {
    "Error",
    "Extract",
    "Omit",
    "Partial",
    "Pick",
    "Promise",
    "Record",
    "URL",
    "WebSocket",
}
DECLARATION = re.compile(r"^export (?:interface|type|class|function) (\w+)", re.MULTILINE)
OWN_EVENTS = ("state", "resync", "reset", "message", "frame")


@pytest.fixture(scope="module")
def text() -> str:
    return typescript.declarations()


@pytest.fixture(scope="module")
def code(text: str) -> str:
    """Leave comments and literals out."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"[^"\n]*"', "", text, flags=re.DOTALL)


def body(text: str, name: str) -> str:
    """Return what is between the braces of an interface or a class, or the union of a type."""
    found = re.search(rf"^export (?:interface|class) {name}\b[^{{]*{{\n(.*?)^}}", text, re.M | re.S)
    found = found or re.search(rf"^export type {name} =(.*?);\n", text, re.M | re.S)
    assert found, f"{name} is not declared"
    return found[1]


def test_every_message_has_its_interface(text: str) -> None:
    types = dict(re.findall(r"^  (\w+): (\w+);$", body(text, "ServerMessages"), re.MULTILINE))
    assert types.keys() == PAYLOADS.keys()
    for wire_type, kind in PAYLOADS.items():
        fields = re.findall(r"^  (\w+)\??:", body(text, types[wire_type]), re.MULTILINE)
        assert fields == list(kind.__struct_fields__)


def test_every_command_has_its_interface_and_its_answer(text: str) -> None:
    names = re.findall(r"\w+", body(text, "Command"))
    assert names == [kind.__name__ for kind in AnyCommand.__args__]
    tags = [re.findall(r'^  type: "(\w+)";', body(text, name), re.MULTILINE) for name in names]
    assert tags == [[str(kind.__struct_config__.tag)] for kind in AnyCommand.__args__]
    answers = dict(re.findall(r'^  (\w+): "(\w+)";$', body(text, "Answers"), re.MULTILINE))
    assert answers.keys() == COMMAND_TYPES
    assert set(answers.values()) < PAYLOADS.keys()


def test_every_code_is_there(text: str) -> None:
    closes = re.findall(r"\| (\d+)", body(text, "CloseCode"))
    assert closes == [str(code.value) for code in sorted(CloseCode)]
    errors = re.findall(r'"(\w+)"', body(text, "ErrorCode"))
    assert errors == [code.wire for code in ErrorCode]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Notification", "priority?: Priority;"),
        ("Notification", "metadata?: Record<string, unknown>;"),
        ("Notification", "channels?: Channel[];"),
        ("Notification", "read_at?: string | null;"),
        ("NotificationState", "notification?: Notification | null;"),
        ("TransactionUpdate", "amount: string;"),
        ("TransactionUpdate", 'direction?: "inbound" | "outbound" | null;'),
        ("ConnectionEstablished", "expires_at: string | null;"),
        ("ConnectionEstablished", "positions: Record<string, Position>;"),
        ("ConnectionEstablished", "protocol_version: number;"),
        ("ErrorData", "code: ErrorCode;"),
        ("SubscribeNotifications", "types: SubscriptionType[];"),
        ("JoinRoom", "rate?: Rate;"),
    ],
)
def test_a_field_has_its_type(text: str, name: str, line: str) -> None:
    assert f"  {line}\n" in body(text, name)


def test_an_interface_has_the_purpose_of_its_message(text: str) -> None:
    assert (
        "/** A transaction was created or moved to another status. */\n"
        "export interface TransactionUpdate {\n"
    ) in text


def test_brackets_match_and_no_name_is_declared_twice(text: str, code: str) -> None:
    for opening, closing in (("{", "}"), ("(", ")"), ("[", "]")):
        assert code.count(opening) == code.count(closing)
    assert [name for name, count in Counter(DECLARATION.findall(text)).items() if count > 1] == []
    assert "\n\n\n" not in text


def test_every_name_is_declared(text: str, code: str) -> None:
    declared = set(DECLARATION.findall(text))
    parameters = set(re.findall(r"<([A-Z])\b", code)) | {"T"}
    named = set(re.findall(r"\b[A-Z]\w*", code))
    assert named - declared - parameters - FROM_THE_LANGUAGE == set()
    assert not declared & FROM_THE_LANGUAGE  # `extends Error` means the language's own


def test_types_list_the_messages_of_streams_and_of_rooms(text: str) -> None:
    kept = re.findall(r'"(\w+)"', body(text, "EventType"))
    assert kept == [kind.wire_type for kind in carried("stream")]
    rooms = re.findall(r'"(\w+)"', body(text, "RoomMessageType"))
    assert rooms == [kind.wire_type for kind in carried("room")]


def test_events_of_the_client_itself_are_no_types_of_messages(text: str) -> None:
    own = set(re.findall(r'^  on\(type: "(\w+)"', body(text, "Client"), re.MULTILINE))
    assert own == set(OWN_EVENTS)
    assert not own & PAYLOADS.keys()
