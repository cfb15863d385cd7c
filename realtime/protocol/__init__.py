"""The wire of `/ws/notifications`, declared once.

`commands` holds what a client may send, `messages` what the server sends,
`codes` the error and close codes, `codec` turns them into bytes and back.
Nothing here knows Django, Channels or asyncio.
"""

from __future__ import annotations

PROTOCOL_VERSION = 1
SUBPROTOCOL = "hoardrun.v1"
