"""What the ASGI servers need to serve us well."""

from __future__ import annotations

# Under this name in the scope's `extensions`, a server of ours offers its Transport.
EXTENSION = "hoardrun.transport"
