"""The maximum size of a request's body, by path.

The HTTP protocol and the parsers read this one table. An app whose paths need more or less than
MAX_BODY_BYTES calls `allow` in its `ready()`.
"""

from __future__ import annotations

# An announcement of 5,000 characters fits, though each may take 12 bytes as JSON escapes.
MAX_BODY_BYTES = 64 * 1024
_limits: dict[str, int] = {}  # by prefix of the path


def allow(prefix: str, max_bytes: int) -> None:
    """Let paths that begin with `prefix` take bodies of up to `max_bytes`."""
    _limits[prefix] = max_bytes


def limit_of(path: str) -> int:
    """Return the maximum bytes of a body: the longest matching prefix decides."""
    prefixes = [prefix for prefix in _limits if path.startswith(prefix)]
    return _limits[max(prefixes, key=len)] if prefixes else MAX_BODY_BYTES
