"""The parameters of a handshake's query."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from realtime.core.devices import CLASSES
from realtime.core.text import is_text

PARAMETERS = ("device", "device_class", "epoch", "since", "ticket", "token", "types")
CREDENTIALS = ("ticket", "token")
MAX_PARAMETERS = 50  # more are not read at all
MAX_DEVICE_LENGTH = 64
MAX_NAME = 64  # characters of a name in an error

Pairs = Sequence[tuple[str, str]]


def parse_query(query_string: bytes) -> tuple[Pairs, str | None]:
    """Read a query; return its pairs, and an error in words for the client, or None.

    An unknown or repeated name is an error: a misspelt `since` would lose events in silence.
    Blank values are kept: a blank token is a bad one, not none.
    """
    text = query_string.decode("latin-1")
    if not text.isascii() or "%" in text or "+" in text or text.count("&") >= MAX_PARAMETERS:
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
        except ValueError:
            return [], f"The address has more than {MAX_PARAMETERS} parameters."
    else:  # nothing is escaped
        found = [part.partition("=") for part in text.split("&") if part]
        pairs = [(name, value) for name, _, value in found]
    return pairs, _flaw(pairs)


def _flaw(pairs: Pairs) -> str | None:
    names = [name for name, _ in pairs]
    for name in names:
        if name not in PARAMETERS:
            known = ", ".join(PARAMETERS)
            return f"The address has an unknown parameter {name[:MAX_NAME]!r}. Known are: {known}."
    if len(set(names)) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        return f"The address has `{name}` {names.count(name)} times; give it once."
    for name, value in pairs:
        # A credential that is no text is a bad one, and gets the answer of every bad one.
        if name not in CREDENTIALS and not is_text(value):
            return f"`{name}` holds what is not text."
        if name == "device" and (len(value) > MAX_DEVICE_LENGTH or not value.isprintable()):
            return f"`device` holds at most {MAX_DEVICE_LENGTH} printable characters."
        if name == "device_class" and value and value not in CLASSES:
            return f"`device_class` is one of: {', '.join(CLASSES)}."
    return None
