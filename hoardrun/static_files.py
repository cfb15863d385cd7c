"""Middleware: serve static files; a missing one is a 404, with DEBUG and without.

The library's is asynchronous, and runs for static files only: between synchronous middleware it
would make every request change threads twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from servestatic.middleware import ServeStaticMiddleware
from servestatic.responders import MissingFileError


class StaticFiles:
    """Serve a file under STATIC_URL; pass everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(settings.STATIC_URL):
            return self._get_response(request)
        try:
            found: HttpResponseBase = async_to_sync(self._library)(request)
        except MissingFileError as error:
            raise Http404(str(error)) from None
        return found

    @cached_property
    def _library(self) -> Any:
        return ServeStaticMiddleware(sync_to_async(self._get_response, thread_sensitive=False))
