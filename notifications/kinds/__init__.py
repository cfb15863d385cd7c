"""The registry of kinds: apps declare them and register them when they are ready."""

from __future__ import annotations

from notifications.kinds.complete import IncompleteKind, check
from notifications.kinds.kind import CHANNELS, Channel, Kind, Reach, Rung

__all__ = [
    "CHANNELS",
    "Channel",
    "IncompleteKind",
    "Kind",
    "Reach",
    "Rung",
    "all_kinds",
    "find",
    "register",
]

_KINDS: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add kinds. Raises IncompleteKind for one that lacks something, or whose name is taken."""
    for kind in kinds:
        check(kind)
        if _KINDS.setdefault(kind.name, kind) != kind:
            raise IncompleteKind(f"Two kinds are called {kind.name!r}.")


def find(name: str) -> Kind | None:
    """Return a kind by its name."""
    return _KINDS.get(name)


def all_kinds() -> tuple[Kind, ...]:
    """Return all kinds, in the order of their names."""
    return tuple(_KINDS[name] for name in sorted(_KINDS))
