"""The link of an e-mail that ends its category: a GET shows a button, a POST acts (RFC 8058).

Scanners of mailboxes follow links: nothing but a POST changes anything. It needs no login, cookie
or redirect. What is required is not ended; the page says what that is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from rest_framework.request import Request

from notifications.hooks import tokens
from notifications.hooks.tokens import Unsubscribing
from notifications.hooks.wording import WORDING
from notifications.kinds import all_kinds
from notifications.models import Preference
from notifications.preferences.services import Origin, consent_record
from notifications.texts import kind_name
from realtime.errors import NotFound
from realtime.rest.doors import Door

SOURCE = "unsubscribe"


class UnsubscribeView(Door):
    """Show the page, and act on its button or on the mailbox's own."""

    schema = None
    methods = frozenset({"GET", "HEAD", "POST"})

    def get(self, request: Request, token: str) -> HttpResponse:
        """Show what the link ends. Changes nothing."""
        wanted = self._read(request, token)
        return _page(request, wanted, "ask" if wanted and _optional(wanted) else "")

    def post(self, request: Request, token: str) -> HttpResponse:
        """End what is optional of the category by the channel. A repetition changes nothing."""
        wanted = self._read(request, token)
        if wanted is None or not _optional(wanted):
            return _page(request, wanted, "")
        with suppress(NotFound):  # a deleted user gets nothing more
            consent_record(
                user_id=wanted.user_id,
                category=wanted.category,
                channel=wanted.channel,
                granted=False,
                by=Origin(f"user:{wanted.user_id}", SOURCE),
            )
        return _page(request, wanted, "done")

    def _read(self, request: Request, token: str) -> Unsubscribing | None:
        wanted = tokens.unsubscribing(token)
        if wanted is None:
            self.count_stranger(request)
        return wanted


def _of(wanted: Unsubscribing, *, required: bool) -> list[str]:
    """Return the names of the category's kinds that the channel must, or need not, carry."""
    return [
        kind.name
        for kind in all_kinds()
        if kind.category == wanted.category
        and any(rung.channel == wanted.channel for rung in kind.ladder)
        and (wanted.channel in kind.required_channels) == required
    ]


def _optional(wanted: Unsubscribing) -> list[str]:
    return _of(wanted, required=False)


def _page(request: Request, wanted: Unsubscribing | None, state: str) -> HttpResponse:
    """Render the page in the user's language; 404 for a link that is not ours."""
    language = _language(request, wanted)
    context: dict[str, Any] = {
        "words": WORDING[language],
        "language": language,
        "state": "unknown" if wanted is None else state or "required",
        "required": [
            kind_name(name, locale=language)
            for name in (_of(wanted, required=True) if wanted else [])
        ],
    }
    page = render_to_string("notifications/unsubscribe.html", context)
    return HttpResponse(page, status=404 if wanted is None else 200)


def _language(request: Request, wanted: Unsubscribing | None) -> str:
    """Return the language that the user has chosen, else the first of the browser that we have."""
    chosen = Preference.objects.filter(pk=wanted.user_id).first() if wanted else None
    asked = [chosen.locale if chosen else ""]
    accepted = request.headers.get("Accept-Language", "").split(",")
    asked += [part.partition(";")[0] for part in accepted]
    bases = [text.strip().lower().replace("_", "-").partition("-")[0] for text in asked]
    return next((base for base in bases if base in WORDING), "en")
