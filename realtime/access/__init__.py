"""Who may connect, and how a change of that is told.

Apps with rights of their own call `changed` when they take one away.
"""

from __future__ import annotations

from realtime.access.changes import changed

__all__ = ["changed"]
