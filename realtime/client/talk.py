"""Handles what a client's connections receive: messages, acks, resync, requests.

`Link` passes each message to `Talk.take`. Talk never connects; it may drop the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from realtime.client.acks import ACK_SECONDS, Applied
from realtime.client.connection import Line
from realtime.client.handlers import MAX_WAITING, Handlers, Item
from realtime.client.options import Options
from realtime.client.policy import RETRY_SECONDS, Action, Lost, on_refusal
from realtime.client.positions import Positions, Verdict
from realtime.client.requests import Message, Request, Requests
from realtime.client.rooms import Rooms
from realtime.client.snapshot import SnapshotFailed, fetch
from realtime.client.tokens import NO_TOKEN, NoToken, Tokens, failed, life

logger = logging.getLogger("realtime.client")


class Talk:
    """Follows the streams, keeps the login valid, and restores rooms and filters.

    `on_greeted` is told of each greeting.
    """

    def __init__(
        self,
        options: Options,
        tokens: Tokens,
        handlers: Handlers,
        on_greeted: Callable[[], None],
    ) -> None:
        self.applied = Applied(options.positions, options.epoch)
        self.types = options.types
        self.rooms = Rooms(options.rooms)
        self.greeting: Message | None = None
        self.line: Line | None = None  # the socket, after the greeting
        self.trouble = ""  # why there is no connection
        self.presence: list[Message] = []  # the last, to be said on each connection
        self.requests = Requests()
        self._options = options
        self._tokens = tokens
        self._handlers = handlers
        self._on_greeted = on_greeted
        self._positions = Positions()
        self._required: Message | None = None  # the last `resync_required`, until its snapshot
        self._held: list[Message] = []  # the events that came meanwhile
        self._resyncs = 0  # events from before one must not be acknowledged

    def begin(self) -> None:
        """Resume from what was applied; the rest is sent again."""
        self.trouble = ""
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
        return len(self._held) >= MAX_WAITING

    def end(self) -> None:
        """End a connection."""
        self.greeting = self.line = None
        self._required, self._held = None, []  # the next connection resumes before them
        self.applied.lost()

    # -- messages

    def take(self, line: Line, message: Message) -> None:
        """Process a message and queue it for the handlers. Raises KeyError and the like."""
        data = message["data"]
        if isinstance(message.get("stream"), str) and isinstance(message.get("offset"), int):
            if self._required is not None:
                self._held.append(message)
            else:
                self._confirm()
                self._event(line, message)
            return
        match message["type"]:
            case "connection_established":
                self._greeted(line, message)
            case "resync_required":
                self._positions.doubt()
                self.applied.bar()
                self._resyncs += 1
                is_first, self._required = self._required is None, data
                if is_first:
                    line.spawn(self._resynchronise(line))
            case _:
                self._confirm()
                self._learn(line, message)
        self._handlers.put(Item(message["type"], data, message))
        self.requests.take(message)

    def _learn(self, line: Line, message: Message) -> None:
        data = message["data"]
        match message["type"]:
            case "pong" if self._required is None:
                if (stream := self._positions.told(data["positions"])) is not None:
                    _gap(line, f"a gap in {stream}: a pong names an event that did not arrive")
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
                if self.line is not None and not line.asks_later:
                    line.asks_later = True
                    line.spawn(self._ask_later(line))
            case "server_shutdown":
                line.hint = data["reconnect_after_ms"] / 1000

    def _greeted(self, line: Line, message: Message) -> None:
        data = message["data"]
        line.heartbeat_seconds = float(data["heartbeat_seconds"])
        self._tokens.lasts(life(message["timestamp"], data["expires_at"]))
        if self._positions.greet(data, resumable=bool(self._options.device)):
            self._note_beginning()
        self.greeting, self.line, self.trouble = data, line, ""
        # First the rooms as they were, then requests that may change them.
        again = [*self.requests.again(), *self.presence]
        for command in self.rooms.commands():
            line.spawn(self.rooms.rejoin(command, self.ask))
        line.spawn(self._send_all(line, again))
        line.spawn(self._keep_token(line))
        self._on_greeted()
        self._ack_soon()

    def _confirm(self) -> None:
        if self._positions.confirm():
            self._note_beginning()

    def _note_beginning(self) -> None:
        """Begin the applied positions here too, after everything before is applied."""
        offsets, epoch = dict(self._positions.offsets), self._positions.epoch
        self._handlers.put(Item(done=partial(self.applied.begin, offsets, epoch)))

    def _event(self, line: Line, message: Message) -> None:
        stream, offset = message["stream"], message["offset"]
        before = self._positions.offsets.get(stream)
        match self._positions.take(stream, offset):
            case Verdict.NEW:
                place = (stream, offset, self._positions.epoch, self._resyncs)
                done = partial(self._was_applied, *place)
                self._handlers.put(Item(message["type"], message["data"], message, done))
            case Verdict.GAP:
                _gap(line, f"a gap in {stream}: {offset} came after {before}")
            case Verdict.OLD:
                pass

    # -- acknowledging

    def _was_applied(self, stream: str, offset: int, epoch: str, resyncs: int) -> None:
        meant = self._options.ack and resyncs == self._resyncs
        self.applied.note(stream, offset, epoch, acknowledge=meant)
        self._ack_soon()

    def _ack_soon(self) -> None:
        line = self.line
        if line is not None and self.applied.waits and not line.acks_soon:
            line.acks_soon = True
            line.spawn(self._ack_later(line))

    async def _ack_later(self, line: Line) -> None:
        await asyncio.sleep(ACK_SECONDS)
        line.acks_soon = False
        await self.send_acks(line)

    async def send_acks(self, line: Line) -> None:
        """Acknowledge what the handlers have applied."""
        for stream, offset in self.applied.due().items():
            await line.send({"type": "ack", "stream": stream, "offset": offset})

    # -- resynchronising

    async def _snapshot(self) -> tuple[Message, dict[str, Any]]:
        """Fetch a snapshot that was taken after the last `resync_required`; return both."""
        options = self._options
        assert self._required is not None
        await asyncio.sleep(self._required.get("snapshot_after_ms", 0) / 1000)
        while True:
            required = self._required
            assert required is not None
            token = await self._tokens.get(renew=False)
            path, seconds = required["snapshot"], options.request_timeout
            snapshot = await fetch(options.url, path, token, seconds=seconds)
            if required is self._required:
                return required, snapshot

    async def _resynchronise(self, line: Line) -> None:
        try:
            required, snapshot = await self._snapshot()
        except NoToken:
            return line.lose(NO_TOKEN)
        except SnapshotFailed as error:
            logger.warning("no snapshot: %s", error)
            action = Action.RETRY if error.status is None else on_refusal(error.status)
            return line.lose(Lost(action, f"no snapshot: {error}"))
        except Exception as error:
            return line.lose(failed(error))
        held, self._required, self._held = self._held, None, []
        self._positions.reset(snapshot)
        contained = {
            message["stream"]: message["offset"]
            for message in held
            if message["offset"] <= self._positions.offsets.get(message["stream"], -1)
        }
        place = (dict(self._positions.offsets), self._positions.epoch)
        self._handlers.put(Item(done=partial(self.applied.expect, *place)))
        done = partial(self._was_resynced, *place, contained, self._resyncs)
        data = {
            "snapshot": snapshot,
            "reason": required["reason"],
            "stream": required["stream"],
        }
        self._handlers.put(Item("resync", data, done=done))
        for message in held:
            self._event(line, message)

    def _was_resynced(
        self, offsets: dict[str, int], epoch: str, contained: dict[str, int], resyncs: int
    ) -> None:
        self.applied.reset(offsets, epoch)
        if self._options.ack and resyncs == self._resyncs:
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
                if self.line is not None:
                    await self.line.send(request.message)  # else the next greeting does
                await request.answered
        except TimeoutError:
            trouble = f"; {self.trouble}" if self.trouble else ""
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
        line.asks_later = False
        self.applied.lost()
        self._ack_soon()
        await self._send_all(line, self.requests.unheard())

    async def _authenticate(self, token: str) -> object:
        return (await self.ask({"type": "authenticate", "token": token})).result

    async def _keep_token(self, line: Line) -> None:
        line.lose(await self._tokens.renew(self._authenticate))


def _gap(line: Line, reason: str) -> None:
    logger.warning("%s; resuming", reason)
    line.lose(Lost(Action.RETRY, reason, at_once=True))
