"""Messages are declared and registered once, by the app that owns them."""

from __future__ import annotations

import ast
from typing import Any

import msgspec
import pytest

from realtime.protocol import codec
from realtime.protocol.commands import COMMAND_TYPES, FILTER_TYPES
from realtime.protocol.messages import PAYLOADS, Payload, register
from tests.services.environment import ROOT


def message(name: str = "Oddity", **about: Any) -> type[Payload]:
    kind: Any = msgspec.defstruct(
        name, [("type", str)], bases=(Payload,), namespace=about, frozen=True, kw_only=True
    )
    made: type[Payload] = kind
    return made


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        (message(), r"cannot have the wire type ''"),
        (message(wire_type="An Oddity"), "cannot have the wire type 'An Oddity'"),
        (message(wire_type="ping"), "cannot have the wire type 'ping'"),
        (message(wire_type="pong"), "Oddity and Pong share a name"),
        (message("Pong", wire_type="oddity"), "Pong and Pong share a name"),
        (message(wire_type="oddity", filter_types=("a" * 33,)), "cannot be a filter type"),
        (message(wire_type="oddity", filter_types=("a,b",)), "cannot be a filter type"),
    ],
)
def test_an_ambiguous_message_is_refused(kind: type[Payload], complaint: str) -> None:
    before = (dict(PAYLOADS), list(FILTER_TYPES))
    with pytest.raises(ValueError, match=complaint):
        register(kind)
    assert before == (PAYLOADS, FILTER_TYPES)


def test_a_message_may_be_registered_twice() -> None:
    before = list(FILTER_TYPES)
    register(*PAYLOADS.values())
    assert before == FILTER_TYPES


@pytest.mark.parametrize(
    ("types", "expected"), [((), None), (("one",), "one"), (("one", "two"), "two")]
)
def test_of_several_filter_types_the_field_type_says_which(
    types: tuple[str, ...], expected: str | None
) -> None:
    kind: Any = message(wire_type="oddity", filter_types=types)
    assert kind(type="two").filter_type == expected


def test_a_command_takes_registered_filter_types_only() -> None:
    FILTER_TYPES.append("oddity")
    text = '{"type":"subscribe_notifications","types":["balance","oddity"]}'
    try:
        assert getattr(codec.decode(text), "types") == ["balance", "oddity"]  # noqa: B009
    finally:
        FILTER_TYPES.remove("oddity")
    with pytest.raises(codec.ProtocolError) as refused:
        codec.decode(text)
    assert refused.value.message == "Invalid enum value 'oddity' - at `$.types[1]`."


def test_the_engine_names_no_message_of_another_app() -> None:
    apart = {name for name, kind in PAYLOADS.items() if not kind.__module__.startswith("realtime.")}
    assert len(apart) > 5
    for path in sorted((ROOT / "realtime").rglob("*.py")):
        tree = ast.parse(path.read_text())
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not said & apart, path
    assert not apart & COMMAND_TYPES
