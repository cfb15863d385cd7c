"""The AsyncAPI document is complete, valid, and served as it is in the repository."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from realtime.protocol import PROTOCOL_VERSION, codec
from realtime.protocol.codes import CloseCode, ErrorCode
from realtime.protocol.commands import COMMAND_TYPES
from realtime.protocol.export import asyncapi, described
from realtime.protocol.export.catalogue import schemas
from realtime.protocol.export.examples import examples
from realtime.protocol.messages import PAYLOADS
from tests.realtime.protocol.export.schema import Schema, references
from tests.realtime.protocol.test_codec import INVALID

FILE = settings.BASE_DIR / "docs" / "protocol" / "asyncapi.json"


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Schema(json.loads(asyncapi.document("1.2.3")))


def test_the_document_has_its_version_and_one_channel(schema: Schema) -> None:
    document = schema.document
    assert document["asyncapi"] == "3.0.0"
    assert document["info"]["version"] == "1.2.3"
    (channel,) = document["channels"].values()
    assert channel["address"] == "/ws/notifications"
    query = channel["bindings"]["ws"]["query"]["properties"]
    assert query.keys() == {
        "token", "ticket", "device", "device_class", "since", "epoch", "types",
    }  # fmt: skip
    assert "headers" not in channel["bindings"]["ws"]


def official() -> Draft7Validator:
    file = Path(__file__).parent / "asyncapi-3.0.0" / "schema.json"
    return Draft7Validator(json.loads(file.read_text()))


def test_the_document_is_valid_asyncapi(schema: Schema) -> None:
    found = official().iter_errors(schema.document)
    assert [f"{error.json_path}: {error.message}" for error in found] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("operations.ping.action", "answer"),
        ("operations.ping.channel", "notifications"),
        ("channels.notifications.messages.ping.$ref", 5),
        ("channels.notifications.bindings.ws.method", "PUT"),
        ("components.messages.pong.payload.type", "text"),
        ("components.securitySchemes.bearer.type", "jwt"),
        ("servers.default.protocol", None),
    ],
)
def test_an_invalid_document_is_noticed(path: str, value: Any) -> None:
    document = json.loads(asyncapi.document("1.2.3"))
    *parents, last = path.split(".")
    functools.reduce(dict.__getitem__, parents, document)[last] = value
    assert not official().is_valid(document)


def test_every_reference_leads_somewhere(schema: Schema) -> None:
    found = set(references(schema.document))
    assert len(found) > 50
    for reference in found:
        assert schema.resolve(reference), reference


def test_the_document_has_each_message_and_code(schema: Schema) -> None:
    document = schema.document
    assert schema.messages.keys() == COMMAND_TYPES | PAYLOADS.keys()
    assert document["channels"]["notifications"]["messages"].keys() == schema.messages.keys()
    assert [entry["code"] for entry in document["x-close-codes"]] == sorted(CloseCode)
    assert {entry["code"] for entry in document["x-error-codes"]} == {e.wire for e in ErrorCode}


def test_commands_are_received_and_answered_and_the_rest_is_sent(schema: Schema) -> None:
    received, sent = set(), set()
    for operation in schema.document["operations"].values():
        if operation["action"] == "receive":
            answers = _names(schema, operation["reply"])
            assert answers[-1] == "error"
            received.update(_names(schema, operation))
            sent.update(answers)
        else:
            sent.update(_names(schema, operation))
    assert received == COMMAND_TYPES
    assert sent == PAYLOADS.keys()


def _names(schema: Schema, operation: dict[str, Any]) -> list[str]:
    messages = [schema.resolve(message["$ref"]) for message in operation["messages"]]
    return [schema.resolve(message["$ref"])["name"] for message in messages]


def test_each_example_matches_its_schema(schema: Schema) -> None:
    for name, message in schema.messages.items():
        (example,) = message["examples"]
        assert schema.complaints(example["payload"]) == [], name
        if name in COMMAND_TYPES:
            codec.decode(json.dumps(example["payload"]))  # the server takes it, too


def test_the_examples_are_of_this_version() -> None:
    written = examples()
    assert written["connection_established"]["data"]["protocol_version"] == PROTOCOL_VERSION
    error = written["error"]["data"]
    [code] = [code for code in ErrorCode if code.wire == error["code"]]
    assert error["retryable"] is code.retryable


# Commands of a known type, which can be read and are wrong in themselves.
WRONG = [
    text
    for text, code, _ in INVALID
    if code is ErrorCode.INVALID_MESSAGE and text.startswith('{"type":"')
]


@pytest.mark.parametrize("text", WRONG)
def test_the_schema_refuses_what_the_server_refuses(schema: Schema, text: str) -> None:
    with pytest.raises(codec.ProtocolError):
        codec.decode(text)
    assert schema.complaints(json.loads(text))


@pytest.mark.parametrize(
    "command",
    [
        {"type": "join_room", "room": "a", "rooms": None},
        {"type": "leave_room", "room": None, "rooms": ["a", "b"], "id": None},
        {"type": "unsubscribe_notifications"},
    ],
)
def test_the_schema_accepts_what_the_server_accepts(
    schema: Schema, command: dict[str, Any]
) -> None:
    codec.decode(json.dumps(command))
    assert schema.complaints(command) == []


@pytest.mark.parametrize(
    ("type", "missing"),
    [
        ("notification", "stream"),
        ("balance_update", "offset"),
        ("market_update", "room"),
        ("room_left", "room"),
        ("pong", "timestamp"),
        ("error", "data"),
    ],
)
def test_an_incomplete_envelope_is_noticed(schema: Schema, type: str, missing: str) -> None:
    example = dict(schema.messages[type]["examples"][0]["payload"])
    del example[missing]
    assert schema.complaints(example)


# -- where it is read


def test_the_server_serves_the_file_itself(db: None) -> None:
    answer = Browser().get("/ws/schema")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.content == FILE.read_bytes()
    assert answer.content.endswith(b"}\n")
    assert Browser().get("/ws/schema/").content == answer.content


def test_a_cached_document_is_not_sent_again(db: None) -> None:
    mark = Browser().get("/ws/schema")["ETag"]
    again = Browser().get("/ws/schema", headers={"if-none-match": mark})
    assert (again.status_code, again.content) == (304, b"")
    assert Browser().get("/ws/schema", headers={"if-none-match": '"old"'}).status_code == 200


def test_the_document_is_read_only(db: None) -> None:
    assert Browser().post("/ws/schema").status_code == 405


def test_every_field_has_a_description() -> None:
    written = json.loads(asyncapi.document("1.0.0"))
    found = dict(_properties(written, ""))
    assert len(found) > 200
    assert [path for path, schema in found.items() if not schema.get("description")] == []


def test_a_text_names_no_choice_that_its_field_has_not() -> None:
    named = [
        (name, field, set(re.findall(r"`(\w+)`", prop["description"])), prop["enum"])
        for name, schema in schemas("{name}").items()
        for field, prop in schema.get("properties", {}).items()
        if "enum" in prop
    ]
    assert any(words for _, _, words, _ in named)
    assert [about for about in named if not about[2] <= set(about[3])] == []


def test_a_field_without_a_text_stops_the_export() -> None:
    with pytest.raises(LookupError, match=r"Pong\.unheard_of needs a text"):
        described.describe({"Pong": {"properties": {"positions": {}, "unheard_of": {}}}})


def _properties(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """List the fields of every object in a document, at any depth."""
    for name, value in node.items() if isinstance(node, dict) else enumerate(node):
        if name == "properties" and isinstance(value, dict) and not path.endswith("oneOf"):
            yield from ((f"{path}.{field}", schema) for field, schema in value.items())
        if isinstance(value, dict | list) and name not in {"examples", "oneOf"}:
            yield from _properties(value, f"{path}.{name}")
