"""A push service for Firefox: HTTP for whoever sends, a WebSocket for the browser.

The sender is verified as by the other fake; what it sends is passed on as it is, for the browser to
decrypt.
"""

from __future__ import annotations

import json
import secrets
import threading
from base64 import urlsafe_b64encode
from typing import Any, Self

from py_vapid import Vapid02
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from hoardrun.demo.providers.http import Asked, Fake, Told

TAKEN = 100  # Firefox's code of what it could decrypt


class Autopush(Fake):
    """`ledger` has what was accepted; `acked` what the browser has taken, by version."""

    def __init__(self) -> None:
        super().__init__()
        self.acked: dict[str, int] = {}
        self.said: list[dict[str, Any]] = []
        self._channels: dict[str, tuple[str, str]] = {}  # path -> channel, key
        self._browser: ServerConnection | None = None
        self._identity = secrets.token_hex(16)
        self._socket = serve(self._talk, "127.0.0.1", 0)
        self.socket_url = f"ws://127.0.0.1:{self._socket.socket.getsockname()[1]}/"
        self._listening = threading.Thread(target=self._socket.serve_forever)

    def __enter__(self) -> Self:
        self._listening.start()
        return super().__enter__()

    def __exit__(self, *details: object) -> None:
        self._socket.shutdown()
        self._listening.join()
        super().__exit__(*details)

    def forget(self) -> None:
        """Lose what is known of the browser: it must subscribe anew, and is told so."""
        self._channels.clear()
        self._identity = secrets.token_hex(16)
        assert self._browser is not None
        self._browser.close()

    def is_taken(self) -> bool:
        """Say whether the browser has decrypted all that was accepted."""
        return all(self.acked.get(one["version"]) == TAKEN for one in self.ledger)

    def answer(self, asked: Asked) -> Told:
        found = self._channels.get(asked.path)
        if found is None:
            return Told(410)
        channel, key = found
        authorization = asked.headers.get("authorization", "")
        if not Vapid02.verify(authorization) or not authorization.endswith(f"k={key}"):
            return Told(403)
        assert self._browser is not None
        version = secrets.token_hex(8)
        self.ledger.append({"path": asked.path, "version": version, "body": asked.body})
        self._say(
            messageType="notification",
            channelID=channel,
            version=version,
            data=urlsafe_b64encode(asked.body).decode().rstrip("="),
            headers={"encoding": asked.headers["content-encoding"]},
        )
        return Told(201, b"", {"Location": f"{self.url}/m/{version}"})

    def _say(self, **message: Any) -> None:
        assert self._browser is not None
        self._browser.send(json.dumps(message))

    def _talk(self, browser: ServerConnection) -> None:
        self._browser = browser
        try:
            for text in browser:
                self._hear(json.loads(text))
        except ConnectionClosed:
            pass

    def _hear(self, message: dict[str, Any]) -> None:
        self.said.append(message)
        kind, channel = message.get("messageType"), message.get("channelID", "")
        if kind == "hello":
            self._say(messageType="hello", uaid=self._identity, status=200, use_webpush=True)
        elif kind == "register":
            path = f"/wpush/v2/{secrets.token_urlsafe(24)}"
            self._channels[path] = channel, message["key"].rstrip("=")
            self._say(
                messageType="register", channelID=channel, status=200, pushEndpoint=self.url + path
            )
        elif kind == "unregister":
            self._channels = {p: c for p, c in self._channels.items() if c[0] != channel}
            self._say(messageType="unregister", channelID=channel, status=200)
        elif kind == "ack":
            self.acked |= {one["version"]: one["code"] for one in message["updates"]}
