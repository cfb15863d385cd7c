"""The pages "Texts": which kinds there are and how each is sent, and how its texts look.

They show samples only, nothing of a customer. An e-mail is a document of its own in a frame
without scripts, links or forms: the policy of the page forbids the styles that it is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from notifications import kinds
from notifications.brand import brand
from notifications.channels.options import options
from notifications.choices import Channel
from notifications.kinds import CHANNELS, Kind, table
from notifications.kinds.values import to_context
from notifications.languages import CODES, LANGUAGES
from notifications.texts import TextChannel, kind_name, render, version
from notifications.texts.preview import channels_of, previews
from realtime.admin_bases import views

RIGHT = "notifications.view_texts"
_POLICY = "Content-Security-Policy"
# That of other pages, and frames of our own.
OF_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
OF_MAIL = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
SCHEMES = ("light", "dark")
_DARK = "@media (prefers-color-scheme: dark)"


@require_safe
def kinds_page(request: HttpRequest) -> HttpResponse:
    """Show all kinds: by which channels each goes, when, and what a user cannot switch off."""
    rows = [
        {
            "kind": kind,
            "cells": [table.words(kind, channel) for channel in CHANNELS],
            "traits": list(table.traits(kind)),
        }
        for kind in kinds.all_kinds()
    ]
    return _page(
        request,
        "kinds",
        title="Kinds of notifications and their texts",
        rows=rows,
        channels=[Channel(channel).label for channel in CHANNELS],
        required=table.REQUIRED,
    )


@require_safe
def kind_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Show the texts of one kind in one language, by each channel and with each sample."""
    known, locale = _kind(kind), _locale(request)
    found = list(
        previews(
            known,
            locale=locale,
            channels=channels_of(known),
            hide_amounts="hide" in request.GET,
            address=_address(),
        )
    )
    samples = [
        {
            "number": place + 1,
            "values": _values(sample),
            "texts": [_text(known, each) for each in found if each.sample == place],
        }
        for place, sample in enumerate(known.samples)
    ]
    answer = _page(
        request,
        "texts",
        title=known.title,
        kind=known,
        name=kind_name(known.name, locale=locale),
        locale=locale,
        language=locale.partition("-")[0],
        languages=LANGUAGES,
        version=version(known.name, locale),
        traits=list(table.traits(known)),
        hides="hide" in request.GET,
        may_hide=known.privacy == "amount",
        samples=samples,
        schemes=SCHEMES,
    )
    answer.headers[_POLICY] = OF_PAGE
    return answer


@require_safe
@xframe_options_sameorigin
def mail_page(request: HttpRequest, kind: str) -> HttpResponse:
    """Show the HTML of an e-mail alone, as a mail program shows it in the light or in the dark."""
    known, scheme = _kind(kind), request.GET.get("scheme", SCHEMES[0])
    place = request.GET.get("sample", "0")
    if not place.isdecimal() or len(place) > 3 or int(place) >= len(known.samples):
        raise Http404
    if scheme not in SCHEMES or "email" not in channels_of(known):
        raise Http404
    content = render(
        known.name, "email", known.samples[int(place)], locale=_locale(request), address=_address()
    )
    # The browser of the reader has one scheme of its own, and the page shows both.
    page = content.html.replace(_DARK, "@media all" if scheme == "dark" else "@media not all")
    page = page.replace('content="light dark"', f'content="{scheme}"')
    return HttpResponse(page, headers={_POLICY: OF_MAIL})


def _page(request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
    return TemplateResponse(
        request,
        f"admin/notifications/{template}.html",
        {**admin.site.each_context(request), **context},
    )


def _text(kind: Kind, preview: Any) -> dict[str, Any]:
    channel: TextChannel = preview.channel
    return {
        "preview": preview,
        "channel": channel,
        "label": Channel(channel).label,
        "when": () if channel == "in_app" else table.words(kind, channel),
        "required": channel != "in_app" and table.REQUIRED in table.words(kind, channel),
    }


def _values(sample: Any) -> list[tuple[str, str]]:
    """Return the values of a sample, as they come into its texts."""
    return [(name, _shown(value)) for name, value in to_context(sample).items()]


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values())
    return "–" if value is None else str(value)


def _kind(name: str) -> Kind:
    if (found := kinds.find(name)) is None:
        raise Http404
    return found


def _locale(request: HttpRequest) -> str:
    asked = request.GET.get("locale", brand().locale)
    if asked.partition("-")[0] not in CODES:
        raise Http404
    return str(asked)


def _address() -> str:
    """Return the address that the buttons of e-mails lead to."""
    return options().public_base_url or "https://example.org"


views.register(
    views.View("notifications", "kinds", "texts/", RIGHT, kinds_page, title="Texts"),
    views.View("notifications", "texts", "texts/<str:kind>/", RIGHT, kind_page),
    views.View("notifications", "mail", "texts/<str:kind>/mail/", RIGHT, mail_page),
)
