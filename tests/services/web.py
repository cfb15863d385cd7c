"""Send one HTTP request, and return the answer with any status."""

from __future__ import annotations

import http.client
import json as json_module
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from tests.services.ports import PATIENCE

# Straight to the server: a proxy of the machine has no business with 127.0.0.1.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """An answer: status, headers (names in lower case) and body."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json_module.loads(self.text)


def request(
    method: str,
    url: str,
    *,
    json: object = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = 10,
) -> Answer:
    """Send one request, with `json` as its body and `token` as its bearer.

    Raises OSError when there is no whole answer, also for one that was cut off: what was asked for
    may be done or not. 4xx and 5xx are answers.
    """
    message = urllib.request.Request(url, method=method, headers=dict(headers or {}))
    if token is not None:
        message.add_header("Authorization", f"Bearer {token}")
    if json is not None:
        message.add_header("Content-Type", "application/json")
        message.data = json_module.dumps(json).encode()
    try:
        try:
            response = _opener.open(message, timeout=seconds * PATIENCE)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return _answer(response.status, response.headers, response.read())
    except http.client.HTTPException as error:  # of its own family, as IncompleteRead
        raise ConnectionResetError(f"the answer was cut off: {error!r}") from error


def _answer(status: int, headers: Message, body: bytes) -> Answer:
    lowered = {name.lower(): value for name, value in headers.items()}
    return Answer(status, lowered, body.decode(errors="replace"))
