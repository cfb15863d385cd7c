"""Ask the HTTP API beside the socket, with the client's token. In a thread, one connection each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from realtime.client.options import Options
from realtime.client.tokens import NoToken, Tokens

PREFERENCES = "/api/v1/preferences"
PAYEES = "/api/v1/payees"


class ApiError(Exception):
    """The API refused a request; `status` is 0 when there was no answer.

    `problem` is the answer's problem document, as in RFC 9457.
    """

    def __init__(self, status: int, reason: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.problem = dict(problem or {})

    @property
    def request_id(self) -> str:
        """Return the id of the refused request, by which the server's log has it; may be empty."""
        return str(self.problem.get("instance", "")).removeprefix("urn:request:")


class Api:
    """Asks with the token that the socket has; one that is refused is renewed once."""

    def __init__(self, options: Options, tokens: Tokens) -> None:
        self._options = options
        self._tokens = tokens

    async def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Return the JSON of the answer, None without any. Raises ApiError."""
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"{path!r} is no path on the server")
        try:
            return await self._once(method, path, body, headers or {})
        except ApiError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            self._tokens.refused()
        return await self._once(method, path, body, headers or {})

    async def _once(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Any:
        try:
            token = await self._tokens.get()
        except NoToken:
            raise ApiError(HTTPStatus.UNAUTHORIZED, "nobody is logged in") from None
        return await asyncio.to_thread(
            ask_once,
            self._options,
            method,
            path,
            body,
            {**headers, "Authorization": f"Bearer {token}"},
        )


def ask_once(
    options: Options, method: str, path: str, body: Any, headers: Mapping[str, str]
) -> Any:
    """Ask once, without a token of its own. Raises ApiError; blocks.

    The API is below the path that comes before the socket's `/ws/`.
    """
    parts = urlsplit(options.url)
    kind = HTTPSConnection if parts.scheme == "wss" else HTTPConnection
    port = parts.port or kind.default_port
    whole = parts.path.rpartition("/ws/")[0] + path
    sent = None if body is None else json.dumps(body).encode()
    given = {**headers, "Accept": "application/json"}
    if sent is not None:
        given["Content-Type"] = "application/json"
    connection = kind(parts.hostname or "", port, timeout=options.request_timeout)
    try:
        connection.request(method, whole, sent, given)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, HTTPException) as error:
        raise ApiError(0, str(error) or type(error).__name__) from None
    finally:
        connection.close()
    found = _read(text)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        problem = found if isinstance(found, dict) else {}
        raise ApiError(answer.status, problem.get("detail") or f"HTTP {answer.status}", problem)
    return found


def _read(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
