"""Django's handler of requests, with one change of threads for each of them.

Django runs its chain of middleware in the event loop, and each of its synchronous parts in a
thread, made anew for the request: some twenty changes. Here the chain is synchronous from end to
end, as all our views and most of the middleware are, and runs in a thread that is kept.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

# Requests at work; more wait. Those that use the database wait for a connection of its pool.
MAX_THREADS = 64


class Handler(ASGIHandler):
    """Answers requests over HTTP as Django's own does. Call `django.setup()` before."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware()
        threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="hoardrun-http")
        self._answered = sync_to_async(self._answer, thread_sensitive=False, executor=threads)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self._answered(scope, body_file)
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await sync_to_async(response.close, thread_sensitive=False)()

    def _answer(self, scope: Any, body_file: Any) -> HttpResponseBase:
        """Answer a request in this thread, which gives its connection back at the end."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refused = self.create_request(scope, body_file)
        response: Any = refused if request is None else self.get_response(request)
        response._handler_class = type(self)
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if response.streaming:
            close_old_connections()
        else:
            response.close()  # its content stays
        body_file.close()
        answer: HttpResponseBase = response
        return answer
