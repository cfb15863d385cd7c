"""One client that sends without a limit, and reconnects when it is closed.

`python -m bench.flooder PORT PATH FRAMES_A_SECOND`, with the token in the variable TOKEN; ends
with SIGTERM.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import suppress

from tests.services.frames import TEXT, frame
from tests.services.handshake import offer

TURN_SECONDS = 0.01
BACK_SECONDS = 0.1


def flood(port: int, path: str, token: str, rate: int) -> None:
    """Connect, send `rate` frames a second until that ends, and do it again, for ever."""
    turn = frame(TEXT, b'{"type":"list_rooms"}') * max(1, int(rate * TURN_SECONDS))
    headers = [("Authorization", f"Bearer {token}")]
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
            peer.sendall(offer(port, path, headers))
            peer.settimeout(TURN_SECONDS)
            while True:
                began = time.monotonic()
                peer.sendall(turn)
                with suppress(TimeoutError):
                    if not peer.recv(65_536):
                        break
                time.sleep(max(0.0, TURN_SECONDS - (time.monotonic() - began)))
        time.sleep(BACK_SECONDS)


if __name__ == "__main__":
    flood(int(sys.argv[1]), sys.argv[2], os.environ["TOKEN"], int(sys.argv[3]))
