"""Webhooks of the providers of django-anymail, at `/hooks/e1/<token>/<provider>/tracking`.

anymail reads them and checks their signatures; what it finds comes here by its signal, event by
event, and becomes receipts: all of one request together. Nothing of it is imported where it sends
no e-mails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpResponseBase
from django.urls import Resolver404, resolve
from rest_framework.request import Request

from notifications.channels.options import options
from notifications.hooks import tokens
from notifications.hooks.email import MAX_EVENTS, NAME, Event, said
from notifications.hooks.services import said_take
from realtime.core.text import all_text
from realtime.outgoing import inbox
from realtime.rest.doors import Door, count

URLS = "anymail.urls"
_RECEIVER = "notifications.hooks.esp"
_gathered: ContextVar[list[Event] | None] = ContextVar("gathered", default=None)


def is_on() -> bool:
    """Say whether anymail sends our e-mails."""
    return options().email_backend.startswith("anymail.")


def connect() -> None:
    """Let anymail's events become receipts. Repeated, it does nothing."""
    from anymail.signals import tracking

    tracking.connect(_take, dispatch_uid=_RECEIVER, weak=False)


def _take(event: Any, **kwargs: Any) -> None:
    """Gather an event of the request that anymail reads."""
    found = Event(
        event_type=event.event_type,
        recipient=event.recipient,
        event_id=event.event_id,
        message_id=event.message_id,
        timestamp=event.timestamp,
        reject_reason=event.reject_reason,
        metadata=dict(event.metadata or {}),
    )
    events = _gathered.get()
    if events is None:  # a deployment's own view
        said_take(said([found]), provider=NAME)
    # One with characters that are no text would keep out the others of its batch for ever.
    elif all_text(msgspec.to_builtins(found)):
        events.append(found)


@contextmanager
def gathering() -> Iterator[list[Event]]:
    """Gather the events that anymail finds meanwhile."""
    events: list[Event] = []
    token = _gathered.set(events)
    try:
        yield events
    finally:
        _gathered.reset(token)


class AnymailView(Door):
    """Hand a webhook on to anymail, which answers it."""

    schema = None
    methods = frozenset({"HEAD", "POST"})  # some ask by HEAD whether the URL is there

    def head(self, request: Request, token: str, path: str) -> HttpResponseBase:
        return self._answer(request, token, path)

    def post(self, request: Request, token: str, path: str) -> HttpResponseBase:
        body, headers = request.body, dict(request.headers)
        with gathering() as events:
            response = self._answer(request, token, path)
        if response.status_code == HTTPStatus.OK:
            # What it raises makes the provider send the batch again.
            for start in range(0, len(events), MAX_EVENTS):
                said_take(said(events[start : start + MAX_EVENTS]), provider=NAME)
            is_new = inbox.keep(tokens.CODES[NAME], body, headers, is_proven=False)
            count("taken" if is_new else "repeated")
        return response

    def _answer(self, request: Request, token: str, path: str) -> HttpResponseBase:
        if not is_on() or not tokens.is_hook_token(NAME, token):
            raise self.unknown(request)
        try:
            found = resolve(f"/{path}/", urlconf=URLS)
        except Resolver404:
            raise self.unknown(request) from None
        self.count_path(request, f"{NAME} {path}")
        response: HttpResponseBase = found.func(request._request, *found.args, **found.kwargs)
        return response
