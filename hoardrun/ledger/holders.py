"""The names under which floats are booked: companies of wallets, and gateways.

The ledger knows no gateway: the app that calls them registers their names in `ready()`.
"""

from __future__ import annotations

from collections.abc import Iterable

from hoardrun.ledger.choices import Provider

_gateways: dict[str, str] = {}


def register(names: Iterable[str]) -> None:
    """Register the gateways by which payments move money. Each has floats of its own."""
    _gateways.update((name, f"{name}, by its gateway") for name in names)


def holders() -> list[tuple[str, str]]:
    """List all names that a float may have, with what people read."""
    return [*_gateways.items(), *Provider.choices]


def is_gateway(name: str) -> bool:
    """Return whether payments by a gateway have booked under a name, not a wallet's company."""
    return name in _gateways
