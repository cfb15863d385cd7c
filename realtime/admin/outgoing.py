"""What outside calls share, in the admin. Staff may stop a provider or a channel."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Length, Now
from django.http import HttpRequest

from realtime.admin_bases.pages import ModelAdmin, ModelForm, ReadOnly
from realtime.admin_bases.reveal import Reveals
from realtime.models import Host, Webhook
from realtime.outgoing import pacing


class HostForm(ModelForm):
    """A name to stop, which takes a reason, or the reason of one that is known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (reason := self.fields.get("stopped_why")) is not None:
            is_new = self.instance._state.adding
            reason.required = is_new
            reason.help_text = "" if is_new else "Empty: calls go on, and failures are forgotten."


@admin.register(Host)
class HostAdmin(ModelAdmin):
    """Providers and channels, as all workers share them. Staff with the right to change stop them.

    A reason stops calls, by the name of a provider or of a channel (`channel:sms`); without one
    they go on, and failures are forgotten. The admin's log has who did it.
    """

    form = HostForm
    list_display = ("name", "state", "failures", "next_at", "stopped_by", "stopped_at")
    search_fields = ("name",)
    ordering = ("name",)
    fields = (
        "name", "stopped_why", "stopped_by", "stopped_at", "failures", "opened_until", "next_at",
        "calls", "gone", "counted_from", "updated_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Host]:
        found: QuerySet[Host] = super().get_queryset(request)
        return found.annotate(is_open=Q(opened_until__gt=Now()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        written = {"stopped_why"} if obj else {"name", "stopped_why"}
        return [name for name in self.fields if name not in written]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # it would lift a stop; names that nobody calls are forgotten by themselves

    def save_model(self, request: HttpRequest, obj: Host, form: Any, change: bool) -> None:
        if obj.stopped_why:
            pacing.stop(obj.name, by=f"staff:{request.user.pk}", why=obj.stopped_why)
        else:
            pacing.resume(obj.name)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Say in the history what was done, and why."""
        why = form.cleaned_data["stopped_why"]
        return f"Stopped: {why}" if why else "Let it go on."

    @admin.display
    def state(self, host: Any) -> str:
        if host.stopped_at is not None:
            return "stopped"
        return "open: it fails" if host.is_open else "called"


@admin.register(Webhook)
class WebhookAdmin(ReadOnly, Reveals):
    """Raw requests of providers. What they say is shown to those alone who have the right to it."""

    list_display = ("id", "source", "received_at", "is_proven", "repeats", "size", "scrubbed_at")
    search_help_text = "The whole id of a webhook"
    fields = ("source", "received_at", "is_proven", "repeats", "size", "hash", "scrubbed_at")
    reveal_right = "realtime.view_webhook_body"
    reveal_label = "Show what was sent"
    reveal_note = "Looked at what was sent."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        found: QuerySet[Webhook] = super().get_queryset(request)
        return found.defer("body", "headers").annotate(body_size=Length("body"))

    @admin.display(description="bytes")
    def size(self, webhook: Any) -> str:
        return "emptied" if webhook.scrubbed_at else str(webhook.body_size)

    def hidden_text(self, row: Webhook) -> str:
        if row.scrubbed_at is not None:
            return ""
        headers = "".join(f"{name}: {value}\n" for name, value in row.headers.items())
        return f"{headers}\n{bytes(row.body).decode(errors='replace')}"
