"""hoardrun's own server with a thread that publishes: nothing else reaches its layer.

Run as `python -m bench.peers.hoardrun_memory <port>` in the server's environment, and
driven as `tests.services.driven` describes.
"""

from __future__ import annotations

import sys
import threading
import time

import django
import uvicorn


def main(port: int) -> None:
    """Serve until the input closes."""
    django.setup()
    from bench.peers.hoardrun_publisher import publish
    from realtime.cluster.serve import config
    from tests.services import driven

    server = uvicorn.Server(config(host="127.0.0.1", port=port))

    def obey() -> None:
        while not server.started:
            time.sleep(0.02)
        driven.serve({"publish": publish})
        server.should_exit = True

    threading.Thread(target=obey, daemon=True).start()
    server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
