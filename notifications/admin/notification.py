"""Notifications and mailings in the admin, for support."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from notifications import services
from notifications.forms import NotificationAddForm
from notifications.models import Mailing, Notification
from notifications.trace.pages import WhyPages
from realtime.admin_bases.pages import ModelAdmin, ReadOnly, users_named
from realtime.admin_bases.writes import Kept, note
from realtime.core.text import row_id


@admin.register(Notification)
class NotificationAdmin(WhyPages, Kept):
    """Read, search, send again, mark as read, archive; add one for a user. Never delete."""

    list_display = (
        "id",
        "user",
        "title",
        "type",
        "kind",
        "priority",
        "status",
        "created_at",
        "published_at",
    )
    list_display_links = ("id", "title")
    list_select_related = ("user",)
    search_help_text = "A notification's id, or how the name of its user begins"
    linked_by = ("user__id__exact",)
    autocomplete_fields = ("user",)
    form = NotificationAddForm
    add_fields = ("user", *Notification.CONTENT)
    actions = ("resend", "mark_read", "archive", "cancel")

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word)) | Q(user__in=users_named(word))

    def has_change_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return False

    def has_support_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may run the actions: they need the right to change."""
        return super().has_change_permission(request)

    def add(self, request: HttpRequest, data: dict[str, Any]) -> Notification:
        user, actor = data.pop("user"), f"user:{request.user.pk}"
        return services.notification_create(user_id=user.pk, actor=actor, **data)

    @admin.action(description="Send again to the user's devices", permissions=["support"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        late = "not published yet: it goes out by itself at its scheduled time"
        self._act(request, queryset, services.notifications_resend, "sent again", late)

    @admin.action(description="Mark as read", permissions=["support"])
    def mark_read(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        read = "read already"
        self._act(request, queryset, services.notifications_mark_read, "marked as read", read)

    @admin.action(description="Archive", permissions=["support"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        archived = "archived already"
        self._act(request, queryset, services.notifications_archive, "archived", archived)

    @admin.action(description="Cancel: archive, and send no more of it", permissions=["support"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        cancelled = "cancelled already"
        self._act(request, queryset, services.notifications_cancel, "cancelled", cancelled)

    def _act(
        self,
        request: HttpRequest,
        queryset: QuerySet[Notification],
        service: Callable[..., int],
        done: str,
        left: str,
    ) -> None:
        """Apply a bulk service to the chosen rows; show how many it changed, and why not more."""

        def record(rows: Sequence[Notification]) -> None:
            note(request, rows, f"{done.capitalize()}.")

        ids = list(queryset.order_by().values_list("pk", flat=True))
        count = service(ids=ids, record=record)
        if count < len(ids):
            messages.warning(request, f"{len(ids) - count} left as they were: {left}.")
        if count:
            messages.success(request, f"{count} {done}.")


@admin.register(Mailing)
class MailingAdmin(ReadOnly, ModelAdmin):
    """The progress of each mailing; `manage.py notify` starts and continues them."""

    list_display = ("key", "title", "done", "total", "created_at", "finished_at")
    search_fields = ("=key", "title")
