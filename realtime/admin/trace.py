"""The page "Trace": why a device got an event late, or not at all; where a user is now.

It shows no text of an event. What apps add is shown to those who have the right to see it there.
"""

from __future__ import annotations

import logging

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from realtime.admin_bases import views
from realtime.errors import NotFound
from realtime.trace.asked import Asked, forms, understand
from realtime.trace.contributors import May
from realtime.trace.report import EventTrace, UserTrace
from realtime.trace.services import trace_event, trace_user
from realtime.trace.words import CODES, REACHES

logger = logging.getLogger(__name__)

RIGHT = "realtime.view_departure"


@require_safe
def trace_page(request: HttpRequest) -> HttpResponse:
    """Show the trace of `q`, an event or a user; of an event for everybody, for `user`."""
    asked, whose = request.GET.get("q", "").strip(), request.GET.get("user", "").strip()
    found: EventTrace | UserTrace | None = None
    error, may = "", _rights(request)
    if asked:
        by = request.user.pk
        logger.info("%.80r for user %.80r was traced in the admin by %s", asked, whose, by)
        try:
            found = _trace(asked, whose, may)
        except NotFound as refused:
            error = str(refused)
    customers = get_user_model()._default_manager
    whom = None if found is None else found.user_id
    return TemplateResponse(
        request,
        "admin/realtime/trace.html",
        {
            **admin.site.each_context(request),
            "title": "Why did a device not get it?",
            "asked": asked,
            "whose": whose,
            "forms": forms(may),
            "error": error,
            "event": found if isinstance(found, EventTrace) else None,
            "user_trace": found if isinstance(found, UserTrace) else None,
            "customer": None if whom is None else customers.filter(pk=whom).first(),
            "codes": CODES,
            "reaches": REACHES,
        },
    )


def _trace(text: str, whose: str, may: May) -> EventTrace | UserTrace:
    asked = understand(text, may)
    if not asked.stream:
        assert asked.user_id is not None
        return trace_user(asked.user_id, may=may)
    user = understand(whose, may) if whose else Asked()
    return trace_event(asked.stream, asked.offset, user_id=user.user_id, may=may)


def _rights(request: HttpRequest) -> May:
    def may(right: str) -> bool:
        return not right or bool(request.user.has_perm(right))

    return may


views.register(views.View("realtime", "trace", "trace/", RIGHT, trace_page, title="Trace"))
