"""Panels of the console that only some deployments have, such as the demo's phone.

Apps register in `ready()` where a panel asks; the page shows it while there is such a path.
"""

from __future__ import annotations

from collections.abc import Callable

_paths: dict[str, Callable[[], str | None]] = {}


def register(panel: str, path: Callable[[], str | None]) -> None:
    """Say where a panel asks; None: it is not shown."""
    _paths[panel] = path


def paths() -> dict[str, str]:
    """Return where each panel that is shown asks."""
    found = {panel: path() for panel, path in _paths.items()}
    return {panel: path for panel, path in found.items() if path}
