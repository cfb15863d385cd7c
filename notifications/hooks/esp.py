"""Webhooks of the providers of django-anymail, at `/hooks/e1/<token>/<provider>/tracking`.

anymail reads them and checks their signatures; what it finds comes here by its signal and becomes
receipts. Nothing of it is imported where it sends no e-mails.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponseBase
from django.urls import Resolver404, resolve
from rest_framework.request import Request

from notifications.channels.options import options
from notifications.hooks import tokens
from notifications.hooks.doors import Door, count
from notifications.hooks.email import NAME, Event, said
from notifications.hooks.services import said_take
from realtime.outgoing import inbox

URLS = "anymail.urls"
_RECEIVER = "notifications.hooks.esp"


def is_on() -> bool:
    """Say whether anymail sends our e-mails."""
    return options().email_backend.startswith("anymail.")


def connect() -> None:
    """Let anymail's events become receipts. Repeated, it does nothing."""
    from anymail.signals import tracking

    tracking.connect(_take, dispatch_uid=_RECEIVER, weak=False)


def _take(event: Any, **kwargs: Any) -> None:
    """Keep an event of anymail; what it raises makes the provider send its batch again."""
    found = Event(
        event_type=event.event_type,
        recipient=event.recipient,
        event_id=event.event_id,
        message_id=event.message_id,
        timestamp=event.timestamp,
        reject_reason=event.reject_reason,
        metadata=dict(event.metadata or {}),
    )
    said_take(said([found]), provider=NAME)


class AnymailView(Door):
    """Hand a webhook on to anymail, which answers it."""

    schema = None
    methods = frozenset({"HEAD", "POST"})  # some ask by HEAD whether the URL is there

    def head(self, request: Request, token: str, path: str) -> HttpResponseBase:
        return self._answer(request, token, path)

    def post(self, request: Request, token: str, path: str) -> HttpResponseBase:
        body, headers = request.body, dict(request.headers)
        response = self._answer(request, token, path)
        if response.status_code == HTTPStatus.OK:
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
