"""Logins and rights: checks whether a user may connect, and publishes changes of that.

Apps with rights of their own call `changed` when they take one away.
"""

from __future__ import annotations

from realtime.access.changes import changed

__all__ = ["changed"]
