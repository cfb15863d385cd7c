"""How much of the log a node reads for those who come back: by user, and by address.

A client may ask for all that retention keeps, at each of its logins. Beyond the budget a
replay waits for its next page: it takes longer, and leaves nothing out.
"""

from __future__ import annotations

import asyncio

from realtime.core.limits import Buckets
from realtime.hub.socket import Socket

# What may be read at once: a device that is all of retention behind waits for nothing.
BURST_SECONDS = 10.0


class ReplayBudgets:
    """The budgets of a node, in events a second."""

    def __init__(self, per_user: float, per_address: float) -> None:
        self._users = Buckets(per_user, per_user * BURST_SECONDS)
        self._networks = Buckets(per_address, per_address * BURST_SECONDS)

    def wait(self, socket: Socket) -> float:
        """Return the seconds until neither the user nor the address of a socket owes anything."""
        now = asyncio.get_running_loop().time()
        return max(
            self._users.wait(socket.connection.user_id, now),
            self._networks.wait(socket.peer.network, now),
        )

    def charge(self, socket: Socket, events: int) -> None:
        """Count the events of a page, and an empty one as one event."""
        now = asyncio.get_running_loop().time()
        self._users.charge(socket.connection.user_id, max(1, events), now)
        self._networks.charge(socket.peer.network, max(1, events), now)
