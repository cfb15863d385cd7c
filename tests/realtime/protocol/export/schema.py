"""Hold messages to the AsyncAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator  # type: ignore[import-untyped]


class Schema:
    """The document, as a program that knows nothing else reads it."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.messages: dict[str, Any] = document["components"]["messages"]
        self._validators = {
            name: Draft7Validator({"allOf": [found["payload"]], "components": self.components})
            for name, found in self.messages.items()
        }

    @property
    def components(self) -> dict[str, Any]:
        return dict(self.document["components"])

    def complaints(self, message: dict[str, Any]) -> list[str]:
        """Say what is wrong with a message, by the schema of its own type."""
        found = self._validators[message["type"]].iter_errors(message)
        return [f"{error.json_path}: {error.message}" for error in found]

    def resolve(self, reference: str) -> Any:
        """Follow a `$ref`; KeyError when it leads nowhere."""
        start, *names = reference.split("/")
        assert start == "#", f"{reference} leads out of the document"
        found: Any = self.document
        for name in names:
            found = found[name]
        return found


def references(part: Any) -> Iterator[str]:
    """Find every `$ref` in a part of a document."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
