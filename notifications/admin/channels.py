"""The page "Channels": how each channel and provider stands, with buttons that stop it.

A stop takes a reason. The history of the host keeps its author, as for one on the host's page.
"""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from notifications.choices import Channel
from notifications.delivery import overview
from realtime.admin_bases import views
from realtime.admin_bases.writes import note
from realtime.models import Host
from realtime.outgoing import pacing
from realtime.retry import one_transaction

RIGHT, RIGHT_TO_STOP = "realtime.view_host", "realtime.change_host"
STOP, GO_ON = "stop", "go_on"


class StopForm(forms.Form):
    """The form of each button: a name, what to do, and for a stop its reason."""

    name = forms.CharField(max_length=200)
    act = forms.ChoiceField(choices=[(STOP, STOP), (GO_ON, GO_ON)])
    why = forms.CharField(max_length=200, required=False)

    def clean(self) -> dict[str, str]:
        given: dict[str, str] = super().clean() or {}
        if given.get("act") == STOP and not given.get("why"):
            self.add_error("why", "Say why it is stopped.")
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def channels_page(request: HttpRequest) -> HttpResponse:
    """Show how everything stands, or stop something and show it then."""
    if request.method == "POST":
        return _act(request)
    now = overview.overview()
    return TemplateResponse(
        request,
        "admin/notifications/channels.html",
        {
            **admin.site.each_context(request),
            "title": "Channels and providers",
            "now": now,
            "channels": [(each, Channel(each.channel).label) for each in now.channels],
            "most": overview.MOST,
            "may_stop": request.user.has_perm(RIGHT_TO_STOP),
        },
    )


def _act(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(RIGHT_TO_STOP):
        raise PermissionDenied
    form = StopForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(map(str, errors)))
    elif not overview.is_gate(form.cleaned_data["name"]):
        raise Http404
    else:
        _write(request, **form.cleaned_data)
    return HttpResponseRedirect(reverse("admin:notifications_channels"))


@one_transaction
def _write(request: HttpRequest, *, name: str, act: str, why: str) -> None:
    """Stop a name or let it go on, with an entry in its history."""
    if act == STOP:
        pacing.stop(name, by=f"staff:{request.user.pk}", why=why)
        said = f"Stopped: {why}"
    else:
        pacing.resume(name)
        said = "Let it go on."
    if (host := Host.objects.filter(name=name).first()) is not None:
        note(request, [host], said)
    messages.success(request, f"{name}: {said}")


views.register(
    views.View("notifications", "channels", "channels/", RIGHT, channels_page, title="Channels")
)
