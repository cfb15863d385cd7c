"""How the bodies of requests to the API are read."""

from __future__ import annotations

from typing import IO, Any

from rest_framework import exceptions
from rest_framework.parsers import JSONParser

from hoardrun.api.problems import WHOLE_BODY, BodyTooBig
from realtime.core import bodies
from realtime.core.text import NOT_TEXT, all_text, is_text
from realtime.rest import strict_json


class StrictJSONParser(JSONParser):
    """Read JSON of a bounded size; what cannot be read is the sender's fault, not ours.

    Raises BodyTooBig above what `realtime.core.bodies` allows the path. A server of ours has
    refused that before; here it is refused whatever the server.
    """

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        body = _read(stream, bodies.limit_of(parser_context["request"].path))
        try:
            found = strict_json.loads(body)
        except strict_json.Unreadable as error:
            raise exceptions.ParseError(str(error)) from None
        if b"\\u" in body and not all_text(found):  # nothing else makes what is not text
            raise exceptions.ValidationError(_not_text(found))
        return found


def _not_text(found: Any) -> dict[str, list[str]]:
    """Name the fields that hold what is not text."""
    fields = found.items() if isinstance(found, dict) else ()
    wrong = [name for name, value in fields if is_text(name) and not all_text(value)]
    return {name: [NOT_TEXT] for name in wrong} or {WHOLE_BODY: [NOT_TEXT]}


def _read(stream: IO[Any], limit: int) -> bytes:
    read = bytes(stream.read(limit + 1))
    if len(read) > limit:
        raise BodyTooBig(limit)
    return read
