"""Hold the stand-ins that run in this process. To ask for them loads none of their code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hoardrun.demo.outside import Outside

_outside: Outside | None = None


def get() -> Outside | None:
    """Return the providers that run in this process, if any do."""
    return _outside


def put(outside: Outside | None) -> None:
    """Say which run; None once they have ended."""
    global _outside
    _outside = outside
