"""The registry of kinds: apps declare them and register them when they are ready."""

from __future__ import annotations

from notifications.kinds.kind import CHANNELS, Channel, Kind, Reach, Rung

__all__ = ["CHANNELS", "Channel", "Kind", "Reach", "Rung", "all_kinds", "find", "register"]

_KINDS: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add kinds. A name that is taken already is an error."""
    for kind in kinds:
        known = _KINDS.setdefault(kind.name, kind)
        assert known == kind, f"two kinds are called {kind.name}"


def find(name: str) -> Kind | None:
    """Return a kind by its name."""
    return _KINDS.get(name)


def all_kinds() -> tuple[Kind, ...]:
    """Return all kinds, in the order of their names."""
    return tuple(_KINDS[name] for name in sorted(_KINDS))
