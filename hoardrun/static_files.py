"""Middleware: static files, of which a missing one is a 404 whatever DEBUG says."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from servestatic.middleware import ServeStaticMiddleware
from servestatic.responders import MissingFileError


class StaticFiles(ServeStaticMiddleware):  # type: ignore[misc]  # it has no types
    """The library's, which under DEBUG raises its own error, and so a 500, for a missing file."""

    async def __call__(self, request: HttpRequest) -> Any:
        try:
            return await super().__call__(request)
        except MissingFileError as error:
            raise Http404(str(error)) from None
