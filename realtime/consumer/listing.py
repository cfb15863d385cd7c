"""The answer to `list_rooms`."""

from __future__ import annotations

from realtime import rooms
from realtime.core.state import ConnectionState
from realtime.db import threads
from realtime.protocol.messages import RoomInfo, Rooms


async def list_rooms(connection: ConnectionState) -> Rooms:
    """List what this user may join, and what this connection has joined."""
    user_id = connection.user_id
    assert user_id is not None
    found = await threads.run(
        lambda: [
            (name, kind.name, description)
            for kind in rooms.kinds()
            for name, description in kind.rooms(user_id)
        ]
    )
    return Rooms(
        rooms=[
            RoomInfo(name=name, kind=kind, description=text, joined=name in connection.rooms)
            for name, kind, text in found
        ],
        joined=sorted(connection.rooms),
    )
