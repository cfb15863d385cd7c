"""The entries of the admin's log."""

from __future__ import annotations

import re

_REQUEST = re.compile(r" \(([0-9a-f]{32})\)\Z")


def act_of(message: str) -> str:
    """Return what an entry says was done; a request must have written it."""
    assert _REQUEST.search(message), message
    return _REQUEST.sub("", message)
