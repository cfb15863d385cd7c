"""The end of an HTTP connection: refusals in place of the application, deadlines, closing.

`realtime.servers.http` decides when; this module decides how. A refused client always gets the
answer: closing a connection with unread bytes would reset it and lose the answer.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from realtime.core import refusals
from realtime.core.refusals import Refusal

# Bytes that still arrive are read and dropped for this long, then the connection is aborted.
LINGER_SECONDS = 10.0
# A connection without a request stays this long once the server stops: one may be on its way.
IDLE_SECONDS = 0.5
UNREAD = "-"  # stands for a method and a path that could not be read


class HeldFlow(FlowControl):
    """uvicorn's flow control that does not read while it is held.

    uvicorn resumes reading whenever an application asks for a body, even if requests wait.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._is_held = False

    def hold(self, is_held: bool) -> None:
        """Stop reading, or resume it."""
        if is_held == self._is_held:
            return
        self._is_held = is_held
        if is_held:
            self.pause_reading()
        else:
            self.resume_reading()

    def resume_reading(self) -> None:
        if not self._is_held:
            super().resume_reading()


class ClosingProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol with refusals, deadlines and a close that loses no answer.

    The state that is set here is kept up to date by HttpProtocol, which reads and parses.
    """

    flow: HeldFlow

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection: asyncio.Transport = None  # type: ignore[assignment]
        self._deadline: asyncio.TimerHandle | None = None
        self._unread = bytearray()  # received, and not parsed yet
        self._running: RequestResponseCycle | None = None
        self._in_head = False
        self._in_request = False
        self._is_at_door = False
        self._client_has_ended = False  # the client's side of the connection
        self._ignores_input = False  # from now on
        self._lingers = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connection = transport
        self.flow = HeldFlow(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        self._ignores_input = True
        self._unread.clear()
        # uvicorn tells only the last request.
        for cycle in (self._running, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        if getattr(self.server_state, "is_draining", False):
            cycle.keep_alive = False  # the next request finds a server that stays
        super()._start_asgi_task(cycle, app)

    def shutdown(self) -> None:
        """End once the requests at work are answered, and one that is on its way."""
        if self._is_idle:
            self.loop.call_later(IDLE_SECONDS, self._end)
        else:
            super().shutdown()

    def _end(self) -> None:
        has_begun = self._in_request or self._is_at_door  # the answer is the last
        if self in self.connections and not has_begun:  # and no other protocol has taken over
            super().shutdown()

    @property
    def is_new(self) -> bool:
        """True while no request of this connection was answered or is being answered."""
        return self.cycle is None and not self._ignores_input

    @property
    def _is_idle(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is None or bool(cycle.response_complete)

    def _refuse_head(self, refusal: Refusal) -> None:
        """Answer instead of the application, after the answers to earlier requests."""
        self._ignores_input = True
        self._clear_deadline()
        if not self._in_request:
            HttpToolsProtocol.on_message_begin(self)  # no byte of a request has called it
        method, path = self._asked_for()
        scope: Any = self.scope
        scope.update(method=method, path=path, query_string=b"")
        is_first = self._is_idle
        self.cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self._transport_for_answers(),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        scope[refusals.EXTENSION] = refusal
        if is_first:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _asked_for(self) -> tuple[str, str]:
        """Return the method and path of a request that is refused, as far as there are any.

        The parser names a method, that of before or its first one, also for what is no HTTP.
        """
        if not self.url:
            return UNREAD, UNREAD
        try:
            path = unquote((httptools.parse_url(self.url).path or b"").decode("latin-1"))
        except httptools.HttpParserInvalidURLError:
            path = UNREAD  # it may hold a secret anywhere
        return self.parser.get_method().decode("ascii"), path

    def _refuse_body(self, refusal: Refusal) -> None:
        """Answer instead of the application, which waits for the rest of the body."""
        self._ignores_input = True
        self._clear_deadline()
        cycle = self.cycle
        if cycle.response_complete:
            self._close_gently()
            return
        cycle.keep_alive = False
        if cycle.response_started or not cycle.more_body:
            return  # the application answers; that answer is the last
        refused: Any = {**cycle.scope, refusals.EXTENSION: refusal}
        if self.pipeline and self.pipeline[0][0] is cycle:
            cycle.scope = refused
            return
        self.cycle = copy.copy(cycle)
        self.cycle.scope = refused
        self._start_asgi_task(self.cycle, self.app)
        cycle.disconnected = True  # the application receives http.disconnect
        cycle.message_event.set()

    # -- deadlines and closing

    def _set_deadline(self, seconds: float, then: Callable[[], None]) -> None:
        """Call `then` in `seconds`; start again if we do not read by then."""
        self._clear_deadline()
        self._deadline = self.loop.call_later(seconds, self._is_late, seconds, then)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _is_late(self, seconds: float, then: Callable[[], None]) -> None:
        if self.flow.read_paused:
            self._set_deadline(seconds, then)
        else:
            then()

    def _close_gently(self) -> None:
        """Close so that the client can read the answers: our side first, if input may be unread."""
        if self._lingers or self._connection.is_closing():
            return
        has_more = self._in_request or self._ignores_input or self._unread or self.flow.read_paused
        if self._client_has_ended or not has_more or not self._connection.can_write_eof():
            self._connection.close()
            return
        self._ignores_input = self._lingers = True
        self._unset_keepalive_if_required()
        self._unread.clear()
        self._connection.write_eof()
        self.flow.hold(False)
        self.flow.resume_reading()
        self._clear_deadline()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self._connection.abort)

    def _transport_for_answers(self) -> Any:
        """Return the transport for answers; its `close` is `_close_gently`."""
        connection = self._connection
        return SimpleNamespace(
            write=connection.write, is_closing=connection.is_closing, close=self._close_gently
        )
