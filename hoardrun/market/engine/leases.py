"""The names of the leases. No other module builds them."""

from __future__ import annotations

ENGINE = "engine"


def source_lease(name: str) -> str:
    """Name the lease of a source."""
    return f"source:{name}"
