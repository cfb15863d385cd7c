"""`Client`, the public class of the Python client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, Self

from realtime.client.api import PAYEES, PREFERENCES, Api
from realtime.client.devices import Devices
from realtime.client.handlers import Handler, Handlers
from realtime.client.link import Link, State
from realtime.client.market import Market
from realtime.client.options import DeviceClass, Options, TokenIn
from realtime.client.payments import Payments
from realtime.client.tokens import GetToken, Tokens

Rate = Literal["realtime", "1s", "5s"]


class Client:
    """A connection to `/ws/notifications` that reconnects and resumes where it was.

    `get_token(reason)` returns an access token: for the first connection (`connect`), shortly
    before the last one expires (`expiring`), or after the server refused it (`refused`). None or
    an empty text ends the client; an exception is a failed attempt.

    `device` names this client; the server stores what a named device acknowledges. Name a program
    without a person `svc-…`, or give it the `device_class` service: it reaches nobody.
    `positions` and `epoch` resume where another process stopped: pass its properties of these
    names. `types` are the types to receive, by default all. `rooms` are joined at every
    connect. `ack=False` acknowledges nothing, for clients that only watch. `token_in` says where
    the token is sent. Times are in seconds.

    Raises ValueError for a URL that is not a WebSocket's, and for other invalid arguments.
    """

    def __init__(
        self,
        url: str,
        get_token: GetToken,
        *,
        device: str | None = None,
        device_class: DeviceClass = "",
        types: Iterable[str] = (),
        rooms: Iterable[str] = (),
        token_in: TokenIn = "header",
        positions: Mapping[str, int] | None = None,
        epoch: str = "",
        ack: bool = True,
        request_timeout: float = 10.0,
        connect_timeout: float = 10.0,
    ) -> None:
        if isinstance(types, str) or isinstance(rooms, str):
            raise ValueError("types and rooms are lists of names, not one name")
        options = Options(
            url=url,
            device=device or "",
            device_class=device_class,
            types=frozenset(types),
            rooms=dict.fromkeys(rooms, "realtime"),
            token_in=token_in,
            positions=positions or {},
            epoch=epoch,
            ack=ack,
            request_timeout=request_timeout,
            connect_timeout=connect_timeout,
        )
        self._handlers = Handlers()
        self._timeout = request_timeout
        tokens = Tokens(get_token)
        self._api = Api(options, tokens)
        self.payments = Payments(self._api)
        self.devices = Devices(self._api)
        self.market = Market(self._api)
        self._link = Link(options, tokens, self._handlers)
        self._talk = self._link.talk

    # -- life

    async def start(self) -> None:
        """Begin to connect in the background, and return. Idempotent."""
        await self._link.start()

    async def stop(self) -> None:
        """Wait for the running handler, acknowledge what was applied, and disconnect.

        Messages that were received and not handled are sent again to a client that resumes from
        `positions`. A second call waits for the first. A cancelled call continues in the
        background. Called from a handler, it does not wait for that handler. `start` may follow.
        """
        await self._link.stop()

    async def wait_connected(self) -> dict[str, Any]:
        """Wait for the connection and return its greeting.

        Raises ConnectionError when the client has ended for good.
        """
        while True:
            await self._link.settled.wait()
            if self._link.ended is not None:
                raise ConnectionError(f"the client has ended: {self._link.ended.reason}")
            if self._talk.greeting is not None:
                return self._talk.greeting
            await asyncio.sleep(0)

    async def wait_ended(self) -> tuple[int | None, str]:
        """Wait until the client ends for good; return the close code and the reason."""
        while (ended := self._link.ended) is None:  # it may have been started again
            await self._link.over.wait()
        return ended.code, ended.reason

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    # -- state

    @property
    def state(self) -> State:
        return self._link.state

    @property
    def positions(self) -> dict[str, int]:
        """The offset up to which handlers have returned, by stream. Store it with `epoch`."""
        return dict(self._talk.applied.offsets)

    @property
    def epoch(self) -> str:
        """The epoch of the positions."""
        return self._talk.applied.epoch

    @property
    def types(self) -> frozenset[str]:
        """The subscribed types; none means all."""
        return self._talk.types

    @property
    def rooms(self) -> frozenset[str]:
        """The rooms that it has joined, or will join again once connected."""
        return frozenset(self._talk.rooms.wanted)

    # -- listening

    def on(self, type: str, handler: Handler) -> Callable[[], None]:
        """Call `handler(data, message)` for every message of a type, in order.

        `message` means all messages of the server. `state` reports every change as
        `{state, code, reason, retry_in}`: `retry_in` is in seconds, None if it will not
        reconnect. `resync` carries `{snapshot, reason, stream}`: the snapshot replaces all
        known state. A handler may be asynchronous: the next message waits for it.

        Returns a function that removes the handler.
        """
        return self._handlers.on(type, handler)

    # -- requests

    async def request(self, message: Mapping[str, Any]) -> Any:
        """Send a request and return the data of its answer; for several rooms a list, in order.

        Waits for a connection if there is none, and sends again after a reconnect. Raises
        ServerError, TimeoutError, and ConnectionError when the client has ended for good.
        """
        if self._link.ended is not None:
            raise ConnectionError(f"the client has ended: {self._link.ended.reason}")
        return (await self._talk.ask(message)).result

    async def join(self, *rooms: str, rate: Rate = "realtime") -> list[dict[str, Any]]:
        """Join rooms, now and after every reconnect; raise the first error, if any."""
        return await self._each({"type": "join_room", "rooms": list(rooms), "rate": rate})

    async def leave(self, *rooms: str) -> list[dict[str, Any]]:
        """Leave rooms; raise the first error, if any."""
        return await self._each({"type": "leave_room", "rooms": list(rooms)})

    async def _each(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        return list(await self.request(message)) if message["rooms"] else []

    async def list_rooms(self) -> dict[str, Any]:
        """Return the available `rooms` and those `joined`."""
        return dict(await self.request({"type": "list_rooms"}))

    async def subscribe(self, *types: str) -> list[str]:
        """Add types to receive; return all of them. Kept after a reconnect."""
        answer = await self.request({"type": "subscribe_notifications", "types": list(types)})
        return list(answer["types"])

    async def unsubscribe(self, *types: str) -> list[str]:
        """Remove types, or all if none is given; return the remaining ones."""
        chosen = {"types": list(types)} if types else {}
        answer = await self.request({"type": "unsubscribe_notifications", **chosen})
        return list(answer["types"])

    async def set_presence(self, *, is_active: bool) -> None:
        """Say whether the person is there, now and on each later connection.

        Without it, the server takes the person for away. Raises as `request` does; without a
        connection, it returns at once.
        """
        message = {"type": "presence", "state": "active" if is_active else "away"}
        self._talk.presence = [message]
        if self._talk.line is not None:
            await self.request(message)

    async def api(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Ask the HTTP API as this user, JSON in and out. Raises ApiError."""
        return await self._api.ask(method, path, body, headers)

    async def preferences(self) -> dict[str, Any]:
        """Return what the user has chosen about notifications, and what holds. Raises ApiError."""
        return dict(await self.api("GET", PREFERENCES))

    async def change_preferences(
        self, changes: Mapping[str, Any], *, version: int
    ) -> dict[str, Any]:
        """Change some preferences, as read at `version`; return all of them.

        Raises ApiError, with status 412 if somebody else has changed them since.
        """
        headers = {"If-Match": f'"{version}"'}
        return dict(await self.api("PATCH", PREFERENCES, dict(changes), headers))

    async def payees(self) -> list[dict[str, Any]]:
        """Return the people whom the user pays by phone, by name. Raises ApiError."""
        return list(await self.api("GET", PAYEES))

    async def add_payee(
        self, *, provider: str, currency: str, msisdn: str, name: str
    ) -> dict[str, Any]:
        """Save a payee, whose provider is asked for the name; return it, with `shown_name`.

        Unless its `verdict` is `same`, confirm it before you pay. Raises ApiError.
        """
        body = {"provider": provider, "currency": currency, "msisdn": msisdn, "name": name}
        return dict(await self.api("POST", PAYEES, body))

    async def confirm_payee(self, payee_id: str, *, shown_name: str) -> dict[str, Any]:
        """Say that the payee with the name that the user has seen is meant; return it.

        Raises ApiError, with status 409 if the provider has another name by now, which
        `shown_name` of the problem has.
        """
        body = {"shown_name": shown_name}
        return dict(await self.api("POST", f"{PAYEES}/{payee_id}/confirm", body))

    async def remove_payee(self, payee_id: str) -> None:
        """Remove a payee. Raises ApiError."""
        await self.api("DELETE", f"{PAYEES}/{payee_id}")

    async def ping(self) -> float:
        """Wait for a connection and return the round-trip time in seconds."""
        try:
            async with asyncio.timeout(self._timeout):
                await self.wait_connected()
        except TimeoutError:
            trouble = f"; {self._talk.trouble}" if self._talk.trouble else ""
            raise TimeoutError(f"no connection within {self._timeout:g} s{trouble}") from None
        began = time.perf_counter()
        await self.request({"type": "ping"})
        return time.perf_counter() - began
