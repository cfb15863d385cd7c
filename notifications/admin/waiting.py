"""The lists of ladders and digests in the admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from notifications.admin.links import moment, pairs, to_list, to_row
from notifications.models import Delivery, Digest, DigestItem, Escalation, Notification
from notifications.trace.causes import RULES
from realtime.admin_bases.pages import ByKey, ReadOnly, users_found
from realtime.core.text import row_id

MOST_ITEMS = 50  # of a digest that its page shows
_OPEN = "open"


class Open(admin.SimpleListFilter):
    """The filter for open rows, with the latest due time first."""

    title = "state"
    parameter_name = _OPEN

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("1", "Open")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return queryset.filter(closed_at__isnull=True) if self.value() == "1" else None


class Waiting(ReadOnly, ByKey):
    """Base of lists whose open rows are read by an index of their due times."""

    list_filter = (Open,)
    list_select_related = ("user",)
    linked_by = ("user__id__exact", Open.parameter_name)
    search_help_text = "An id, or how the name of its user begins"

    def get_key(self, request: HttpRequest) -> tuple[str, ...]:
        return ("due_at", "pk") if request.GET.get(_OPEN) == "1" else ("pk",)

    @admin.display(description="due")
    def due(self, row: Any) -> str:
        return moment(row.due_at)

    @admin.display(description="closed")
    def closed(self, row: Any) -> str:
        return moment(row.closed_at) or "–"

    @admin.display(description="state")
    def state(self, row: Any) -> str:
        return "open" if row.closed_at is None else "closed"


@admin.register(Escalation)
class EscalationAdmin(Waiting):
    """The ladder of each notification that may leave the app."""

    list_display = ("notice", "user", "kind", "state", "reason", "rung", "due", "closed")
    list_display_links = ("notice",)
    fields = (
        "of", "user", "kind", "state", "why", "shown_evidence", "rung", "committed_at", "due_at",
        "closed_at", "event_offset", "epoch", "policy_version", "sent",
    )  # fmt: skip

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word)) | Q(user__in=users_found(word))

    @admin.display(description="notification")
    def notice(self, row: Escalation) -> str:
        return f"#{row.pk}"

    @admin.display(description="notification")
    def of(self, row: Escalation) -> str | SafeString:
        return to_row(Notification, row.pk)

    @admin.display(description="reason")
    def why(self, row: Escalation) -> str:
        """Show why it is closed, or what it waits for, in words."""
        said: Any = RULES.get(row.reason)  # type: ignore[call-overload]
        return f"{row.reason}: {said.text}" if said else row.reason or "–"

    @admin.display(description="evidence")
    def shown_evidence(self, row: Escalation) -> str | SafeString:
        return pairs(row.evidence)

    @admin.display(description="deliveries")
    def sent(self, row: Escalation) -> SafeString:
        return to_list(Delivery, "notification__id__exact", row.pk, "Show them")


@admin.register(Digest)
class DigestAdmin(Waiting):
    """Notifications that leave together."""

    list_display = ("id", "user", "category", "channel", "state", "reason", "due", "closed")
    fields: ClassVar[Any] = (
        "user", "category", "channel", "state", "reason", "created_at", "due_at", "closed_at",
        "items", "sent",
    )  # fmt: skip

    def matching(self, word: str) -> Q:
        return Q(pk=row_id(word)) | Q(user__in=users_found(word))

    @admin.display(description="items")
    def items(self, row: Digest) -> str | SafeString:
        """Link to what is in it; what was read before it closed was left out."""
        found = list(DigestItem.objects.filter(digest=row).order_by("pk")[: MOST_ITEMS + 1])
        shown = {True: "", False: " (left out)", None: ""}
        lines = [
            (to_row(Notification, item.notification_id), shown[item.shown])
            for item in found[:MOST_ITEMS]
        ]
        if len(found) > MOST_ITEMS:
            lines.append(("and more", ""))
        return format_html_join("", "{}{}<br>", lines) or "none"

    @admin.display(description="deliveries")
    def sent(self, row: Digest) -> SafeString:
        return to_list(Delivery, "digest__id__exact", row.pk, "Show them")
