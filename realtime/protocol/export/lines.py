"""The line of a message in logs: the `line` of its struct, filled in.

The console does the same in JavaScript: `static/realtime/console/logtext.js`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from realtime.protocol.messages import PAYLOADS

_PART = re.compile(r"\{#(\w+)\}(.*?)\{/\1\}|\{(\w+)\}")


def line(type: str, data: dict[str, Any]) -> str:
    """Say in a few words what a message says; its JSON if its struct has no line for it."""
    kind = PAYLOADS.get(type)
    if kind is None or not kind.line:
        return json.dumps(data, ensure_ascii=False)
    return " ".join(_filled(kind.line, data).split())


def _filled(line: str, data: dict[str, Any]) -> str:
    def part(found: re.Match[str]) -> str:
        section, inner, field = found.groups()
        if field:
            return _text(data.get(field))
        value = data.get(section)
        items = value if isinstance(value, list) else [value] if value else []
        return "; ".join(_filled(inner, item if isinstance(item, dict) else data) for item in items)

    return _PART.sub(part, line)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
