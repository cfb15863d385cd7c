"""The parsers of the bodies of requests to the API."""

from __future__ import annotations

from typing import IO, Any

from rest_framework import exceptions
from rest_framework.parsers import JSONParser

from hoardrun.api.problems import WHOLE_BODY
from realtime.core.text import NOT_TEXT, all_text, is_text
from realtime.rest import strict_json


class StrictJSONParser(JSONParser):
    """Read JSON; a body that cannot be read is refused. `hoardrun.bounds` has limited its size."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        body = bytes(stream.read())
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
