"""Measure a deployment from outside: log in, connect, publish to oneself, receive."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from realtime.client import Client
from realtime.client.api import ApiError, ask_once
from realtime.client.options import Options

Step = Literal["login", "connect", "publish", "receive"]
STEPS: tuple[Step, ...] = ("login", "connect", "publish", "receive")
AUTH = "/api/v1/auth"
ECHO = "/api/v1/echo"


@dataclass
class Outcome:
    """The seconds that each step took, and the step that failed, if one did.

    `receive` counts from the request that publishes, so it includes `publish`. With wss://,
    `certificate_ends_at` is when the certificate ends, as a Unix time.
    """

    seconds: dict[Step, float] = field(default_factory=dict)
    failed_at: Step | None = None
    why: str = ""
    certificate_ends_at: float | None = None

    @contextmanager
    def step(self, name: Step, began: float | None = None) -> Iterator[None]:
        """Time a step; a failure inside is kept, and ends the check."""
        began = time.monotonic() if began is None else began
        try:
            yield
        except (ApiError, ConnectionError, TimeoutError) as error:
            asked = error.request_id if isinstance(error, ApiError) else ""
            self.failed_at, self.why = name, f"{error} (request {asked})" if asked else str(error)
            raise _Over from None
        self.seconds[name] = time.monotonic() - began


class _Over(Exception):
    """A step has failed."""


class Credential(Protocol):
    """Logs in for one check."""

    def token(self, options: Options) -> str:
        """Return an access token. Raises ApiError; blocks."""

    def leave(self, options: Options) -> None:
        """End the login, if it was made for this check. Raises ApiError; blocks."""


@dataclass(frozen=True)
class Token:
    """An access token that somebody else keeps fresh."""

    text: str

    def token(self, options: Options) -> str:
        return self.text

    def leave(self, options: Options) -> None:
        return


@dataclass
class Password:
    """A user's name and password; each check is a login of its own."""

    username: str
    password: str
    _refresh: str = ""

    def token(self, options: Options) -> str:
        body = {"username": self.username, "password": self.password}
        found: Mapping[str, str] = ask_once(options, "POST", f"{AUTH}/token", body, {})
        self._refresh = found["refresh"]
        return found["access"]

    def leave(self, options: Options) -> None:
        if self._refresh:
            ask_once(options, "POST", f"{AUTH}/logout", {"refresh": self._refresh}, {})


def certificate_ends_at(url: str, patience: float) -> float | None:
    """Return when the certificate of a wss:// URL ends, as a Unix time; None for ws://.

    Blocks for `patience` seconds at most. Raises OSError where it is not trusted, too.
    """
    parts = urlsplit(url)
    if parts.scheme != "wss" or parts.hostname is None:
        return None
    context = ssl.create_default_context()
    address = (parts.hostname, parts.port or 443)
    with (
        socket.create_connection(address, patience) as plain,
        context.wrap_socket(plain, server_hostname=parts.hostname) as secured,
    ):
        found = secured.getpeercert()
    assert found is not None  # the context asks for one
    return float(ssl.cert_time_to_seconds(str(found["notAfter"])))


async def check(url: str, credential: Credential, patience: float) -> Outcome:
    """Check the deployment whose WebSocket is at `url`; no step takes longer than `patience`.

    The event is an `echo` to the user who logs in, of whom nothing else changes. Raises
    ValueError for a URL that is not a WebSocket's.
    """
    options = Options(url=url, request_timeout=patience, connect_timeout=patience)
    outcome = Outcome()
    with suppress(OSError):  # the login below says what is wrong
        found = await asyncio.to_thread(certificate_ends_at, url, patience)
        outcome.certificate_ends_at = found
    with suppress(_Over):
        try:
            with outcome.step("login"):
                token = await asyncio.to_thread(credential.token, options)
            await _follow(options, token, outcome)
        finally:
            with suppress(ApiError):
                await asyncio.to_thread(credential.leave, options)
    return outcome


async def _follow(options: Options, token: str, outcome: Outcome) -> None:
    async def get_token(reason: str) -> str | None:
        return token if reason == "connect" else None  # a refused one is not tried again

    timeout = options.request_timeout
    client = Client(
        options.url, get_token, device_class="service", ack=False,
        request_timeout=timeout, connect_timeout=timeout,
    )  # fmt: skip
    text, came, trouble = f"check {token_hex(8)}", asyncio.Event(), ["no answer"]

    def hear(data: dict[str, Any], message: dict[str, Any]) -> None:
        if data["text"] == text:
            came.set()

    def see(data: dict[str, Any], message: dict[str, Any]) -> None:
        trouble[0] = data["reason"] or trouble[0]

    client.on("echo", hear)
    client.on("state", see)
    try:
        with outcome.step("connect"):
            await client.start()
            await _within(timeout, client.wait_connected(), trouble)
        began = time.monotonic()
        with outcome.step("publish"):
            await client.api("POST", ECHO, {"text": text})
        with outcome.step("receive", began):
            await _within(timeout, came.wait(), ["the event did not come"])
    finally:
        await client.stop()


async def _within(seconds: float, waiting: Any, trouble: list[str]) -> None:
    try:
        await asyncio.wait_for(waiting, seconds)
    except TimeoutError:
        raise TimeoutError(f"{trouble[0]} (gave up after {seconds:g} s)") from None
