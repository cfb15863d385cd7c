"""The engine's tables in the admin.

They are read-only, but staff may close connections and stop providers.
"""

from __future__ import annotations

from realtime.admin import charts, log, outgoing, sockets, trace

__all__ = ["charts", "log", "outgoing", "sockets", "trace"]
