"""The life of a client: one connection after the other, until `stop` or a final refusal.

`Client` owns one Link. It decides when to connect again; its `Talk` decides what is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from http import HTTPStatus
from typing import Literal

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from realtime.client.connection import Line, NoAnswer
from realtime.client.handlers import Handlers, Item
from realtime.client.options import Options
from realtime.client.policy import (
    MAX_REFUSALS,
    Action,
    Backoff,
    Lost,
    on_close,
    on_refusal,
    retry_after,
)
from realtime.client.talk import Talk
from realtime.client.tokens import NO_TOKEN, NoToken, Tokens, failed

logger = logging.getLogger("realtime.client")

# The reasons that versions of OpenSSL give when the peer does not speak TLS.
_NOT_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}

State = Literal["disconnected", "connecting", "connected"]


class Link:
    """Connects and reconnects until `stop`, or until the server refuses for good."""

    def __init__(self, options: Options, tokens: Tokens, handlers: Handlers) -> None:
        self.state: State = "disconnected"
        self.ended: Lost | None = None
        self.talk = Talk(options, tokens, handlers, self._greeted)
        self.settled = asyncio.Event()  # connected, or ended
        self.over = asyncio.Event()
        self._options = options
        self._tokens = tokens
        self._handlers = handlers
        self._backoff = Backoff()
        self._refusals = 0
        self._has_connected = False
        self._task: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None

    # -- beginning and end

    async def start(self) -> None:
        if self._task is not None and not self._task.done():
            return
        await self.stop()
        if self._task is not None:
            return  # another start was faster
        self.ended, self._refusals = None, 0
        self.settled.clear()
        self.over.clear()
        self.talk.begin()
        self._handlers.start()
        self._task = asyncio.create_task(self._run(), name="hoardrun client")

    async def stop(self) -> None:
        task, self._task = self._task, None
        within = self._handlers.is_within
        if task is not None:
            # In its own task: the caller may be cancelled, even by stopping.
            work = self._stop(task, None if within else self._options.request_timeout)
            self._stopping = asyncio.create_task(work, name="hoardrun client: stopping")
        elif within:
            return  # the running stop waits for this handler
        if self._stopping is not None:
            await asyncio.shield(self._stopping)

    async def _stop(self, task: asyncio.Task[None], patience: float | None) -> None:
        await self._handlers.finish(patience)
        line = self.talk.line
        if line is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.request_timeout):
                    await self.talk.send_acks(line)
                    await line.close()
        task.cancel()
        await asyncio.wait([task])
        if self.ended is None:
            self._end(Lost(Action.STOP, "stopped"))
        await self._handlers.tell_last("state")

    async def _run(self) -> None:
        try:
            while True:
                lost = await self._attempt()
                self.talk.trouble = lost.reason
                self._backoff.lost(time.monotonic())
                if self._task is None:
                    return  # `stop` has closed it
                if lost.action is Action.RENEW:
                    self._tokens.refused()
                    self._refusals += 1
                if lost.action is Action.STOP or self._refusals >= MAX_REFUSALS:
                    self._end(lost)
                    return
                wait = self._backoff.seconds(lost)
                self._enter("disconnected", lost, retry_in=wait)
                await asyncio.sleep(wait)
        except Exception as error:
            logger.exception("the client failed")
            self._end(Lost(Action.STOP, f"the client failed: {type(error).__name__}"))

    def _end(self, lost: Lost) -> None:
        self.ended = lost
        self._tokens.abandon()
        self._enter("disconnected", lost)
        self.settled.set()
        self.over.set()
        self.talk.requests.fail(f"the client has ended: {lost.reason}")

    def _enter(self, state: State, lost: Lost | None = None, retry_in: float | None = None) -> None:
        self.state = state
        data = {
            "state": state,
            "code": lost.code if lost else None,
            "reason": lost.reason if lost else "",
            "retry_in": retry_in,
        }
        self._handlers.put(Item("state", data))

    # -- one connection

    async def _attempt(self) -> Lost:
        self._enter("connecting")
        options = self._options
        try:
            token = await self._tokens.get()
        except NoToken:
            return NO_TOKEN
        except Exception as error:
            return failed(error)
        named = {"device": options.device, "device_class": options.device_class}
        parameters = named | self.talk.parameters()
        try:
            line = await Line.open(options, token, parameters)
        except InvalidStatus as refused:
            status = refused.response.status_code
            hint = retry_after(refused.response.headers.get("Retry-After"))
            # After a first success, 404 may come from a proxy during its own restart.
            unknown = status == HTTPStatus.NOT_FOUND and not self._has_connected
            action = Action.STOP if unknown else on_refusal(status)
            return Lost(action, f"refused with HTTP {status}", hint=hint)
        except ssl.SSLError as error:
            # After a first success, it may be a proxy during its own restart.
            if error.reason in _NOT_TLS and not self._has_connected:
                return Lost(Action.STOP, "what answers there does not speak TLS: use ws://")
            return Lost(Action.RETRY, str(error))
        except (OSError, TimeoutError, WebSocketException) as error:
            return Lost(Action.RETRY, str(error) or "no answer to the handshake")
        return await self._read(line)

    async def _read(self, line: Line) -> Lost:
        try:
            while line.lost is None:
                await self._handlers.room()
                if self.talk.is_full:
                    await asyncio.wait(line.tasks, return_when=asyncio.FIRST_COMPLETED)
                    continue
                message = await line.receive()
                if line.lost is None:
                    self.talk.take(line, message)
        except NoAnswer:
            line.lose(Lost(Action.RETRY, "the server gives no sign of life", 1006))
        except ConnectionClosed:
            pass
        except (ValueError, LookupError, TypeError, AttributeError):
            logger.warning("the server sent a message that this client cannot read", exc_info=True)
            line.lose(Lost(Action.RETRY, "the server sent an invalid message"))
        finally:
            self.settled.clear()
            line.drop()
            self.talk.end()
            await line.cancel_tasks()
        if line.lost is not None:
            return line.lost
        code, reason = line.closed_with
        action = on_close(code)
        hint = line.hint if action is Action.RETRY else None
        return Lost(action, reason or "the connection broke", code, hint)

    def _greeted(self) -> None:
        """Enter `connected`; `Talk` calls it after the greeting."""
        self._refusals, self._has_connected = 0, True
        self._backoff.connected(time.monotonic())
        self._enter("connected")
        self.settled.set()
