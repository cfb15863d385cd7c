"""The admin's page "Why", and the search that leads to it. Each look and act is kept."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from notifications.acts.forms import AddressSearch, ProviderSearch, ResendForm, StopForm
from notifications.acts.staff import MAY_RESEND, MAY_STOP, resend, stop
from notifications.trace import searching
from notifications.trace.report import Trace
from notifications.trace.services import MAY_READ, MAY_TRACE, trace_look
from realtime.admin_bases.pages import ModelAdmin
from realtime.admin_bases.writes import staff_id
from realtime.errors import NotFound, Refused

DOOR = "in the admin"


class WhyPages(ModelAdmin):
    """The pages of one notification's trace and of the search, for the admin of notifications."""

    change_form_template = "admin/notifications/notification/change_form.html"
    change_list_template = "admin/notifications/notification/change_list.html"

    def get_urls(self) -> list[Any]:
        own = (("why/", self.search, "search"), ("<path:object_id>/why/", self.why, "why"))
        return [
            *(
                path(route, self.admin_site.admin_view(view), name=f"notifications_{name}")
                for route, view, name in own
            ),
            *super().get_urls(),
        ]

    def why(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show why a user got a notification, or did not; act on it by POST."""
        _admit(request)
        if request.method == "POST":
            return self._support(request, unquote(object_id))
        wanted = "content" in request.GET
        if wanted and not request.user.has_perm(MAY_READ):
            raise PermissionDenied
        try:
            trace = trace_look(
                unquote(object_id), by=staff_id(request), door=DOOR, with_content=wanted
            )
        except NotFound as error:
            raise Http404(str(error)) from None
        return self._page(
            request, trace, ResendForm(_channels(trace)), StopForm(auto_id="id_stop_%s")
        )

    def _page(
        self, request: HttpRequest, trace: Trace, resending: ResendForm, stopping: StopForm
    ) -> HttpResponse:
        may_resend = request.user.has_perm(MAY_RESEND) and _channels(trace) and trace.ladder
        is_open = trace.ladder is not None and trace.ladder.closed_at is None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Why: notification #{trace.notification_id}",
            "opts": self.opts,
            "trace": trace,
            "customer": _user(trace.user_id),
            "resending": resending if may_resend and not trace.is_erased else None,
            "stopping": stopping if is_open and request.user.has_perm(MAY_STOP) else None,
            "may_read": request.user.has_perm(MAY_READ) and not trace.is_erased,
            "may_view": self.has_view_permission(request) and not trace.is_erased,
        }
        return TemplateResponse(request, "admin/notifications/notification/why.html", context)

    def _support(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send it again or stop it; say what came of it."""
        act = stop if "stop" in request.POST else resend
        if not request.user.has_perm(MAY_STOP if act is stop else MAY_RESEND):
            raise PermissionDenied
        try:
            messages.success(request, act(object_id, request.POST, by=staff_id(request)))
        except NotFound as error:
            raise Http404(str(error)) from None
        except Refused as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:notifications_why", args=[object_id]))

    def search(self, request: HttpRequest) -> HttpResponse:
        """Find what to ask about: by user and time, by an address, by a provider's id."""
        _admit(request)
        found = searching.find(request)
        context = {
            **self.admin_site.each_context(request),
            "title": "Why did somebody not get it?",
            "opts": self.opts,
            "found": found,
            "of_user": found.form,
            "of_address": AddressSearch(),
            "of_provider": ProviderSearch(),
        }
        return TemplateResponse(request, "admin/notifications/notification/search.html", context)


def _admit(request: HttpRequest) -> None:
    if not request.user.has_perm(MAY_TRACE):
        raise PermissionDenied


def _user(user_id: str) -> Any:
    return get_user_model()._default_manager.filter(pk=user_id).first()


def _channels(trace: Trace) -> list[str]:
    """Return the channels of its ladder."""
    return [step.channel for step in trace.steps]
