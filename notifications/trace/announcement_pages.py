"""The admin's page "Why" of an announcement: the SMS after it. Each look is kept."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_safe

from notifications.trace.announcements import announcement_look
from notifications.trace.searching import user_of
from notifications.trace.services import MAY_TRACE
from realtime.admin_bases.writes import staff_id
from realtime.errors import NotFound

DOOR = "in the admin"


class WhichUser(forms.Form):
    """Ask what one user got."""

    user = forms.CharField(
        max_length=150, required=False, label="User", help_text="The name, or the id."
    )


def announcement_why(request: HttpRequest, model_admin: Any, object_id: str) -> HttpResponse:
    """Show how far the SMS after an announcement are, and what one user got."""
    if not request.user.has_perm(MAY_TRACE):
        raise PermissionDenied
    form = WhichUser(request.GET)
    name = form.cleaned_data["user"] if form.is_valid() else ""
    user = user_of(name) if name else None
    if name and user is None:
        form.add_error("user", "There is no user of that name or id.")
    try:
        trace = announcement_look(unquote(object_id), by=staff_id(request), door=DOOR, user=user)
    except NotFound as error:
        raise Http404(str(error)) from None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Why: announcement #{trace.announcement_id}",
        "opts": model_admin.opts,
        "trace": trace,
        "customer": user,
        "form": form,
        "may_view": model_admin.has_view_permission(request),
    }
    return TemplateResponse(request, "admin/notifications/announcement/why.html", context)


def announcement_urls(model_admin: Any) -> list[Any]:
    """Return the address of the page, for the admin of announcements."""

    @require_safe
    def why(request: HttpRequest, object_id: str) -> HttpResponse:
        return announcement_why(request, model_admin, object_id)

    view = model_admin.admin_site.admin_view(why)
    return [path("<path:object_id>/why/", view, name="notifications_announcement_why")]
