"""The names of the leases. No other module builds them."""

from __future__ import annotations

ENGINE = "engine"
_PREFIX = "source:"


def source_lease(name: str) -> str:
    """Name the lease of a source."""
    return f"{_PREFIX}{name}"


def source_of(lease: str) -> str:
    """Return the source that a lease is of; "" for that of the engine."""
    return lease[len(_PREFIX) :] if lease.startswith(_PREFIX) else ""
