"""The hoardrun project: settings, ASGI entry point, URLs, and the money domain."""

from __future__ import annotations

__version__ = "0.2.0"
