"""Bugs that only a simulation tells from luck: each function patches one thing of the node."""

from __future__ import annotations

from realtime import login
from tests.faults.bugs.patches import bug, replace


@bug("first-cursor-late")
def first_cursor_late() -> None:
    """Greet a new device before anything says where it begins; its acks will."""
    replace(login, "first_cursors", lambda original: lambda *given: ())
