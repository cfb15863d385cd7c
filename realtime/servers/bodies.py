"""How many bytes the body of a request may have, by its path.

One table for all servers and parsers. A path that needs more than MAX_BODY_BYTES, or gets by
with less, says so in its app's `ready()`, with `allow`.
"""

from __future__ import annotations

# An announcement of 5,000 characters fits, though each may take 12 bytes as JSON escapes.
MAX_BODY_BYTES = 64 * 1024
_limits: dict[str, int] = {}  # by the beginning of a path


def allow(prefix: str, max_bytes: int) -> None:
    """Let paths that begin with `prefix` take bodies of up to `max_bytes`."""
    _limits[prefix] = max_bytes


def limit_of(path: str) -> int:
    """Return how many bytes a body may have: the word of the longest prefix counts."""
    prefixes = [prefix for prefix in _limits if path.startswith(prefix)]
    return _limits[max(prefixes, key=len)] if prefixes else MAX_BODY_BYTES
