"""Announcements in the admin: written, previewed, published and ended by staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Now
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from notifications import services
from notifications.fallbacks import services as fallbacks
from notifications.fallbacks.selectors import fallback_estimate
from notifications.forms import AnnouncementForm, EmergencyForm
from notifications.models import Announcement, Fallback
from notifications.trace.announcement_pages import announcement_urls
from realtime.admin_bases.pages import user_name_lookup
from realtime.admin_bases.writes import AddsByService, act_on_each, note, staff_id
from realtime.models import Event
from realtime.retry import one_transaction
from realtime.streams import ANNOUNCEMENTS


def apply(
    request: HttpRequest, rows: QuerySet[Announcement], service: Callable[..., Any], done: str
) -> None:
    """Call a service for each chosen row, with an entry in the history in its transaction."""

    @one_transaction
    def act(pk: int) -> None:
        note(request, [service(announcement_id=pk)], f"{done.capitalize()}.")

    keys = rows.values_list("pk", flat=True)
    act_on_each(request, keys, act, lambda changed: f"{len(changed)} {done}.")


@admin.register(Announcement)
class AnnouncementAdmin(AddsByService):
    """Write, preview, publish now or at a given time, and end. Published ones are not edited."""

    list_display = (
        "title",
        "severity",
        "state",
        "published",
        "reached",
        "author",
    )
    list_filter = ("severity", "published_at")
    list_select_related = ("author",)
    search_fields = ("title", "message", user_name_lookup("author"))
    readonly_fields = ("preview", "state", "published_at", "reached", "fallback_state", "author")
    fields: ClassVar[tuple[str, ...]] = (*Announcement.CONTENT, *readonly_fields)
    form = AnnouncementForm
    actions = ("publish_now", "expire_now", "approve_sms", "cancel_sms")
    show_full_result_count = False

    class Media:
        css = {"all": ("notifications/announcement.css",)}

    def get_urls(self) -> list[Any]:
        return [*announcement_urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Announcement]:
        event = Event.objects.filter(stream__name=ANNOUNCEMENTS, offset=OuterRef("event_offset"))
        rows: QuerySet[Announcement] = super().get_queryset(request)
        return rows.annotate(reached_sockets=Subquery(event.values("reached")[:1]), read_at=Now())

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Announcement | None:
        """Lock the row before a form changes or deletes it: the job may be publishing it now."""
        if request.method == "POST" and connection.in_atomic_block:
            pk = unquote(object_id)
            if pk.isdecimal():
                list(Announcement.objects.select_for_update(no_key=True).filter(pk=pk))
        return super().get_object(request, object_id, from_field)

    @admin.display(description="State")
    def state(self, obj: Announcement) -> str:
        return obj.state(obj.read_at)  # type: ignore[attr-defined]  # see get_queryset

    @admin.display(description="Published", ordering="published_at")
    def published(self, obj: Announcement) -> str:
        """Show the time of publication, past or planned, short enough for the list's width."""
        when = obj.published_at or obj.starts_at
        text = f"{timezone.localtime(when):%Y-%m-%d %H:%M}" if when else "-"
        return text if obj.published_at or not when else f"from {text}"

    @admin.display(description="Sent to", ordering="reached_sockets")
    def reached(self, obj: Announcement) -> str:
        sockets: int | None = getattr(obj, "reached_sockets", None)
        return "-" if sockets is None else f"{sockets} sockets"

    @admin.display(description="SMS after it")
    def fallback_state(self, obj: Announcement) -> str:
        """Say how far the SMS are, and what they cost at most."""
        found = Fallback.objects.filter(pk=obj.pk).select_related("announcement").first()
        if found is None:
            return "-"
        return (
            f"{found.state.replace('_', ' ')}: of {found.checked:,} users {found.reached:,} have "
            f"it, {found.queued:,} get an SMS, {found.unreachable:,} have no number; "
            f"{fallback_estimate(found)}"
        )

    @admin.display(description="Preview")
    def preview(self, obj: Announcement) -> str | SafeString:
        if obj.pk is None:
            return "Save and continue editing to see the banner."
        return format_html(
            '<div class="announcement announcement-{}" dir="auto">'
            '<strong dir="auto">{}</strong><p dir="auto">{}</p></div>',
            obj.severity,
            obj.title,
            obj.message,
        )

    def has_change_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """Refuse to edit a published announcement: all users have it."""
        if obj is not None and obj.published_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        if obj is not None and obj.published_at is not None:
            return False
        return super().has_delete_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Announcement | None = None) -> tuple[str, ...]:
        """Show the start only to users who may publish: at its start it publishes itself.

        A new announcement has no state, reach or author to show yet.
        """
        if obj is not None:
            return self.fields
        hidden = {"state", "published_at", "reached", "fallback_state", "author"}
        if not self.has_change_permission(request):
            hidden.add("starts_at")
        shown = tuple(name for name in self.fields if name not in hidden)
        return (*shown, "emergency", "sms_texts") if _may_request(request) else shown

    def get_form(
        self,
        request: HttpRequest,
        obj: Announcement | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[ModelForm[Announcement]]:
        if obj is None and _may_request(request):
            kwargs["form"] = EmergencyForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(
        self,
        request: HttpRequest,
        obj: Announcement,
        form: ModelForm[Announcement],
        change: bool,
    ) -> None:
        if "_publish" in request.POST and not self.has_change_permission(request):
            raise PermissionDenied  # which undoes what was saved before it
        super().save_model(request, obj, form, change)

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Announcement:
        author_id = staff_id(request)
        is_emergency, texts = data.pop("emergency", False), data.pop("sms_texts", {})
        announcement = services.announcement_create(author_id=author_id, **data)
        if is_emergency:
            fallbacks.fallback_request(
                announcement_id=announcement.pk, user_id=author_id, texts=texts
            )
        return announcement

    def response_post_save_change(
        self, request: HttpRequest, obj: Announcement
    ) -> HttpResponseRedirect:
        """Publish the announcement that was just saved, if that button was pressed."""
        if "_publish" in request.POST:
            self.publish_now(request, self.model._default_manager.filter(pk=obj.pk))
        return super().response_post_save_change(request, obj)

    response_post_save_add = response_post_save_change

    @admin.action(description="Publish now", permissions=["change"])
    def publish_now(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        apply(request, queryset, services.announcement_publish, "published")

    @admin.action(description="Expire now", permissions=["change"])
    def expire_now(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        apply(request, queryset, services.announcement_expire, "expired")

    def has_view_permission(self, request: HttpRequest, obj: Announcement | None = None) -> bool:
        """Let users who may approve see what waits for them."""
        return super().has_view_permission(request, obj) or self.has_approve_permission(request)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(fallbacks.APPROVE)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return _may_request(request) or self.has_approve_permission(request)

    @admin.action(description="Approve the SMS after it", permissions=["approve"])
    def approve_sms(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        _decide(request, queryset, fallbacks.fallback_approve, "approved")

    @admin.action(description="Cancel the SMS after it", permissions=["cancel"])
    def cancel_sms(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        _decide(request, queryset, fallbacks.fallback_cancel, "cancelled")


def _may_request(request: HttpRequest) -> bool:
    return request.user.has_perm(fallbacks.REQUEST)


def _decide(
    request: HttpRequest, rows: QuerySet[Announcement], service: Callable[..., Fallback], done: str
) -> None:
    """Approve or cancel the SMS after each announcement, with an entry in its history."""

    def decide(announcement_id: int) -> Announcement:
        decided = service(announcement_id=announcement_id, user_id=request.user.pk)
        return decided.announcement

    apply(request, rows, decide, f"fallback {done}")
