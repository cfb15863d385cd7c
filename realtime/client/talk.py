"""Handles what a client's connections receive: messages, acks, resync, requests.

`Link` passes each message to `Talk.take`. Talk never connects; it may ask Link to drop the
connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from realtime.client.acks import ACK_SECONDS, Applied
from realtime.client.connection import Line
from realtime.client.handlers import MAX_WAITING, Handlers, Item
from realtime.client.options import Options
from realtime.client.policy import RETRY_SECONDS, Action, Lost, on_refusal
from realtime.client.positions import Positions, Verdict
from realtime.client.requests import Message, Request, Requests
from realtime.client.resync import Resync
from realtime.client.rooms import Rooms
from realtime.client.snapshot import SnapshotFailed, fetch
from realtime.client.tokens import NO_TOKEN, NoToken, Tokens, failed, life

logger = logging.getLogger("realtime.client")


class Connections(Protocol):
    """What Talk needs of Link."""

    trouble: str  # why there is no connection

    @property
    def line(self) -> Line | None: ...
    def greeted(self) -> None: ...
    def lose(self, lost: Lost) -> None: ...
    def spawn(self, coroutine: Any) -> None: ...


class Talk:
    """Follows the streams, keeps the login valid, and restores rooms and filters."""

    link: Connections

    def __init__(self, options: Options, tokens: Tokens, handlers: Handlers) -> None:
        self.applied = Applied(options.positions, options.epoch)
        self.types = options.types
        self.rooms = Rooms(options.rooms)
        self.greeting: Message | None = None
        self.requests = Requests()
        self._options = options
        self._tokens = tokens
        self._handlers = handlers
        self._positions = Positions()
        self._resync = Resync(self._snapshot)
        self._hint: float | None = None
        self._ack_timer: asyncio.TimerHandle | None = None
        self._asks_later = False

    def begin(self) -> None:
        """Resume from what was applied; the rest is sent again."""
        self._positions = Positions(self.applied.offsets, self.applied.epoch)

    def parameters(self) -> dict[str, str]:
        """Return the parameters of a handshake that resumes, and begin its connection."""
        positions = self._positions
        positions.connect(bool(self.types))
        return {
            "since": positions.since(),
            "epoch": positions.epoch if positions.offsets else "",
            "types": ",".join(sorted(self.types)),
        }

    @property
    def is_full(self) -> bool:
        """True if too many events wait for a snapshot."""
        return self._resync.held >= MAX_WAITING

    def end(self) -> float | None:
        """End a connection; return the server's hint when to reconnect, in seconds."""
        if self._ack_timer is not None:
            self._ack_timer.cancel()
            self._ack_timer = None
        self.greeting, self._asks_later = None, False
        self._resync.abandon()
        self.applied.lost()
        hint, self._hint = self._hint, None
        return hint

    # -- messages

    def take(self, line: Line, message: Message) -> None:
        """Process a message and queue it for the handlers. Raises KeyError and the like."""
        data = message["data"]
        if isinstance(message.get("stream"), str) and isinstance(message.get("offset"), int):
            if self._resync.active:
                self._resync.hold(message)
            else:
                self._confirm()
                self._event(message)
            return
        match message["type"]:
            case "connection_established":
                self._greeted(line, message)
            case "resync_required":
                self._positions.doubt()
                self.applied.bar()
                if self._resync.require(data):
                    self.link.spawn(self._resynchronise())
            case _:
                self._confirm()
                self._learn(message)
        self._handlers.put(Item(message["type"], data, message))
        self.requests.take(message)

    def _learn(self, message: Message) -> None:
        data = message["data"]
        match message["type"]:
            case "pong" if not self._resync.active:
                if (stream := self._positions.told(data["positions"])) is not None:
                    self._gap(f"a gap in {stream}: a pong names an event that did not arrive")
            case "authenticated":
                self._tokens.lasts(life(message["timestamp"], data["expires_at"]))
            case "token_expiring":
                self._tokens.warned(data["seconds"])
            case "room_joined":
                self.rooms.wanted[data["room"]] = data["rate"]
            case "room_left":
                self.rooms.wanted.pop(data["room"], None)
            case "subscription_updated":
                self.types = frozenset(data["types"])
                self._positions.filtered(bool(self.types))
            case "error" if data["code"] == "rate_limited" and "id" not in message:
                line = self.link.line
                if line is not None and not self._asks_later:
                    self._asks_later = True
                    self.link.spawn(self._ask_later(line))
            case "server_shutdown":
                self._hint = data["reconnect_after_ms"] / 1000

    def _greeted(self, line: Line, message: Message) -> None:
        data = message["data"]
        line.heartbeat_seconds = float(data["heartbeat_seconds"])
        self._tokens.lasts(life(message["timestamp"], data["expires_at"]))
        if self._positions.greet(data, resumable=bool(self._options.device)):
            self._note_beginning()
        self.greeting = data
        # First the rooms as they were, then requests that may change them.
        again = self.requests.again()
        for command in self.rooms.commands():
            self.link.spawn(self.rooms.rejoin(command, self.ask))
        self.link.spawn(self._send_all(line, again))
        self.link.spawn(self._keep_token())
        self.link.greeted()
        self._ack_soon()

    def _confirm(self) -> None:
        if self._positions.confirm():
            self._note_beginning()

    def _note_beginning(self) -> None:
        """Begin the applied positions here too, after everything before is applied."""
        offsets, epoch = dict(self._positions.offsets), self._positions.epoch
        self._handlers.put(Item.note(partial(self.applied.begin, offsets, epoch)))

    def _event(self, message: Message) -> None:
        stream, offset = message["stream"], message["offset"]
        before = self._positions.offsets.get(stream)
        match self._positions.take(stream, offset):
            case Verdict.NEW:
                place = (stream, offset, self._positions.epoch, self._resync.count)
                done = partial(self._was_applied, *place)
                self._handlers.put(Item(message["type"], message["data"], message, done))
            case Verdict.GAP:
                self._gap(f"a gap in {stream}: {offset} came after {before}")
            case Verdict.OLD:
                pass

    def _gap(self, reason: str) -> None:
        logger.warning("%s; resuming", reason)
        self.link.lose(Lost(Action.RETRY, reason, at_once=True))

    # -- acknowledging

    def _was_applied(self, stream: str, offset: int, epoch: str, resyncs: int) -> None:
        meant = self._options.ack and resyncs == self._resync.count
        self.applied.note(stream, offset, epoch, acknowledge=meant)
        self._ack_soon()

    def _ack_soon(self) -> None:
        if self._ack_timer is None and self.applied.waits and self.link.line is not None:
            loop = asyncio.get_running_loop()
            self._ack_timer = loop.call_later(ACK_SECONDS, self._ack_now)

    def _ack_now(self) -> None:
        self._ack_timer = None
        line = self.link.line
        if line is not None:
            self.link.spawn(self.send_acks(line))

    async def send_acks(self, line: Line) -> None:
        """Acknowledge what the handlers have applied."""
        for stream, offset in self.applied.due().items():
            await line.send({"type": "ack", "stream": stream, "offset": offset})

    # -- resynchronising

    async def _snapshot(self, path: str) -> dict[str, Any]:
        token = await self._tokens.get(renew=False)
        return await fetch(self._options.url, path, token, seconds=self._options.request_timeout)

    async def _resynchronise(self) -> None:
        try:
            result = await self._resync.run()
        except NoToken:
            return self.link.lose(NO_TOKEN)
        except SnapshotFailed as error:
            logger.warning("no snapshot: %s", error)
            action = Action.RETRY if error.status is None else on_refusal(error.status)
            return self.link.lose(Lost(action, f"no snapshot: {error}"))
        except Exception as error:
            return self.link.lose(failed(error))
        self._positions.reset(result.snapshot)
        contained = {
            message["stream"]: message["offset"]
            for message in result.held
            if message["offset"] <= self._positions.offsets.get(message["stream"], -1)
        }
        place = (dict(self._positions.offsets), self._positions.epoch)
        self._handlers.put(Item.note(partial(self.applied.expect, *place)))
        done = partial(self._was_resynced, *place, contained, self._resync.count)
        data = {
            "snapshot": result.snapshot,
            "reason": result.required["reason"],
            "stream": result.required["stream"],
        }
        self._handlers.put(Item.own("resync", data, done))
        for message in result.held:
            self._event(message)

    def _was_resynced(
        self, offsets: dict[str, int], epoch: str, contained: dict[str, int], resyncs: int
    ) -> None:
        self.applied.reset(offsets, epoch)
        if self._options.ack and resyncs == self._resync.count:
            # The snapshot contains these events: they are applied with it.
            for stream, offset in contained.items():
                self.applied.acknowledge(stream, offset)
        self._ack_soon()

    # -- asking

    async def ask(self, message: Mapping[str, Any]) -> Request:
        """Send a request, again after a reconnect, until it is answered.

        Raises TimeoutError, and ConnectionError once the client has ended.
        """
        request, seconds = self.requests.open(message), self._options.request_timeout
        try:
            async with asyncio.timeout(seconds):
                line = self.link.line
                if line is not None:
                    await line.send(request.message)  # else the next greeting does
                await request.answered
        except TimeoutError:
            trouble = f"; {self.link.trouble}" if self.link.trouble else ""
            raise TimeoutError(
                f"no answer to {message.get('type')} within {seconds:g} s{trouble}"
            ) from None
        finally:
            self.requests.close(request)
        return request

    async def _send_all(self, line: Line, messages: list[Message]) -> None:
        for message in messages:
            await line.send(message)

    async def _ask_later(self, line: Line) -> None:
        """Repeat unanswered requests: the server refused one without naming it."""
        await asyncio.sleep(RETRY_SECONDS)
        self._asks_later = False
        self.applied.lost()
        self._ack_soon()
        await self._send_all(line, self.requests.unheard())

    async def _authenticate(self, token: str) -> object:
        return (await self.ask({"type": "authenticate", "token": token})).result

    async def _keep_token(self) -> None:
        self.link.lose(await self._tokens.renew(self._authenticate))
