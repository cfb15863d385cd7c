"""Middleware that changes answers only, for synchronous and asynchronous servers alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

Mark = Callable[[HttpRequest, HttpResponse], HttpResponse]


def middleware(mark: Mark) -> Callable[[Callable[[HttpRequest], Any]], Callable[..., Any]]:
    """Make a middleware that sends every answer through `mark`, without a change of threads."""

    @sync_and_async_middleware
    def add(get_response: Callable[[HttpRequest], Any]) -> Callable[..., Any]:
        if iscoroutinefunction(get_response):

            async def answer_async(request: HttpRequest) -> HttpResponse:
                answer: Awaitable[HttpResponse] = get_response(request)
                return mark(request, await answer)

            return answer_async
        return lambda request: mark(request, get_response(request))

    return add
