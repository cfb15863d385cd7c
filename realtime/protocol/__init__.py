"""The wire of `/ws/notifications`, declared once.

`commands` holds what a client may send, `answers` what it is answered, `connection` and `published`
what comes unasked, `messages` what all of these have in common. `codes` holds the error and close
codes, `codec` turns messages into bytes and back.
Nothing here knows Django, Channels or asyncio.
"""

from __future__ import annotations

PROTOCOL_VERSION = 1
SUBPROTOCOL = "hoardrun.v1"
