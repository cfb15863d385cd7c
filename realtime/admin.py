"""The engine in the admin: everything to look at, nothing to touch.

The log and the broadcasts are records; streams, cursors and nodes are the engine's own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from realtime import access, registry
from realtime.models import (
    Broadcast,
    BroadcastDecision,
    Connection,
    Cursor,
    Event,
    IssuedToken,
    Node,
    Stream,
)
from realtime.protocol.messages import PAYLOADS

if TYPE_CHECKING:  # Django's class takes no parameters when it runs
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class _ReadOnly(_ModelAdmin):
    """Rows to look at. Counting them all would read a huge table for a number nobody needs."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Stream)
class StreamAdmin(_ReadOnly):
    list_display = ("name", "head", "floor", "kept", "epoch", "created_at")
    search_fields = ("name",)
    ordering = ("-id",)

    @admin.display(description="events", ordering=F("head") - F("floor"))
    def kept(self, stream: Stream) -> str:
        """Link to the events that are still in the log; offsets have no gaps, so no counting."""
        url = reverse("admin:realtime_event_changelist")
        query = urlencode({"stream__id__exact": stream.pk})
        return format_html('<a href="{}?{}">{}</a>', url, query, stream.head - stream.floor)


class TypeFilter(admin.SimpleListFilter):
    """Filter by the message types that there are, without reading the log for them."""

    title = parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(PAYLOADS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(_ReadOnly):
    list_display = ("stream", "offset", "type", "topic", "reached", "created_at")
    list_display_links = ("offset",)
    list_filter = (TypeFilter,)
    list_select_related = ("stream",)
    search_fields = ("stream__name",)  # shows the box; `get_search_results` does the work
    search_help_text = "A stream, a type, an offset, or several, such as: user:17 42"
    fields = (
        "stream",
        "offset",
        "type",
        "topic",
        "message",
        "idempotency_key",
        "reached",
        "created_at",
    )
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Match each word exactly: by index, where a part of a word would read the whole log."""
        for word in search_term.split():
            if word.isascii() and word.isdigit() and len(word) <= 16:
                queryset = queryset.filter(offset=int(word))
            elif word in PAYLOADS:
                queryset = queryset.filter(type=word)
            else:
                queryset = queryset.filter(stream__name=word)
        return queryset, False

    @admin.display(description="payload")
    def message(self, event: Event) -> str:
        """Show what went on the wire, indented."""
        text = json.dumps(json.loads(event.payload), indent=2, ensure_ascii=False)
        return format_html('<pre style="white-space: pre-wrap">{}</pre>', text)


@admin.register(Cursor)
class CursorAdmin(_ReadOnly):
    list_display = ("user", "device", "stream", "acked", "behind", "updated_at")
    list_display_links = ("device", "acked")
    list_select_related = ("user", "stream")
    search_fields = ("user__username", "=device", "=stream__name")
    ordering = ("-updated_at", "-id")

    @admin.display(description="not acked")
    def behind(self, cursor: Cursor) -> str:
        """Say how many events the device has not acknowledged, within one epoch."""
        if cursor.epoch != cursor.stream.epoch:
            return "another epoch"
        return str(cursor.stream.head - cursor.acked)


@admin.register(Node)
class NodeAdmin(_ReadOnly):
    list_display = (
        "__str__",
        "alive",
        "connections",
        "users",
        "in_per_second",
        "out_per_second",
        "dropped",
        "slow_closed",
        "foreign",
        "layer_rebuilt",
        "lag_ms",
        "rss_mb",
        "version",
        "seen_at",
    )
    search_fields = ("host", "=id")
    ordering = ("host", "pid")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Node]:
        found: QuerySet[Node] = super().get_queryset(request)
        return found.annotate(is_alive=registry.alive())

    @admin.display(boolean=True)
    def alive(self, node: Any) -> bool:
        return bool(node.is_alive)


@admin.register(Connection)
class ConnectionAdmin(_ReadOnly):
    """Who is connected; whoever may delete connections closes them here."""

    list_display = ("id", "user", "device", "address", "client", "node", "opened_at")
    list_select_related = ("user", "node")
    search_fields = ("=id", "user__username", "=device", "=address", "=session")
    ordering = ("-opened_at", "id")
    actions = ("close", "send_away")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        return registry.connections()

    def has_close_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("realtime.delete_connection"))

    @admin.action(description="Close: the client stays away (4403)", permissions=["close"])
    def close(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._close(request, queryset, reconnect=False)

    @admin.action(description="Close: the client comes back (1012)", permissions=["close"])
    def send_away(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        self._close(request, queryset, reconnect=True)

    def _close(
        self, request: HttpRequest, queryset: QuerySet[Connection], *, reconnect: bool
    ) -> None:
        chosen = list(queryset)
        access.close_connections(chosen, by=request.user.pk, reconnect=reconnect)
        self.message_user(
            request, f"{len(chosen)} connection(s) told to close; they leave this list in seconds."
        )


@admin.register(IssuedToken)
class IssuedTokenAdmin(_ReadOnly):
    """The refresh tokens that were issued. Nobody can use one with what is stored of it."""

    list_display = ("jti", "user", "session", "issued_at", "used_at", "expires_at")
    list_select_related = ("user",)
    search_fields = ("=jti", "user__username", "=session")
    ordering = ("-expires_at", "jti")


@admin.register(Broadcast)
class BroadcastAdmin(_ReadOnly):
    list_display: tuple[str, ...] = (
        "id",
        "kind",
        "target",
        "audience",
        "author",
        "needs_approval",
        "decision",
        "created",
    )
    list_filter = ("kind", "needs_approval")
    list_select_related = ("author", "decision")
    search_fields = ("=target", "author__username", "=idempotency_key")
    ordering = ("-id",)

    @admin.display(ordering="created_at")
    def created(self, broadcast: Broadcast) -> str:
        """Say when, so briefly that the list needs no scrolling to the side."""
        return f"{timezone.localtime(broadcast.created_at):%Y-%m-%d %H:%M}"

    @admin.display(description="decided")
    def decision(self, broadcast: Broadcast) -> str:
        """Say what was decided, if anything was."""
        decision = getattr(broadcast, "decision", None)
        if decision is None:
            return "-"
        return "approved" if decision.approved else "rejected"


@admin.register(BroadcastDecision)
class BroadcastDecisionAdmin(_ReadOnly):
    list_display = ("id", "broadcast", "approved", "decided_by", "address", "decided_at")
    list_filter = ("approved",)
    list_select_related = ("broadcast", "decided_by")
    search_fields = ("=broadcast__id", "decided_by__username")
    ordering = ("-id",)
