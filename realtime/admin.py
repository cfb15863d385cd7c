"""The engine's models in the admin: read-only, but staff may close connections and stop providers.

The log is a record; streams, cursors and nodes are the engine's own.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from realtime import log, registry
from realtime.access import changes
from realtime.admin_bases.pages import ByKey, ModelAdmin, ReadOnly, first_keys, users_found
from realtime.core.text import row_id
from realtime.models import (
    Connection,
    Cursor,
    Deployment,
    Event,
    Host,
    IssuedToken,
    Node,
    Stream,
)
from realtime.outgoing import pacing
from realtime.streams import stream_user


@admin.register(Stream)
class StreamAdmin(ReadOnly, ByKey):
    list_display = ("name", "head", "floor", "kept", "whole_epoch", "created_at")
    search_help_text = "The beginning of a stream's name, such as: user:17"

    def matching(self, word: str) -> Q:
        return Q(pk__in=first_keys(Stream.objects.all(), "name", word))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stream]:
        found: QuerySet[Stream] = super().get_queryset(request)
        return found.annotate(whole=RawSQL(log.composed("realtime_stream.epoch"), []))

    @admin.display(description="epoch")
    def whole_epoch(self, stream: Any) -> str:
        """Show the epoch as clients see it: the stream's part and the deployment's."""
        return str(stream.whole)

    @admin.display(description="events")
    def kept(self, stream: Stream) -> str:
        """Link to the events still in the log. Offsets are gapless, so nothing is counted."""
        url = reverse("admin:realtime_event_changelist")
        query = urlencode({"stream__id__exact": stream.pk})
        return format_html('<a href="{}?{}">{}</a>', url, query, stream.head - stream.floor)


@admin.register(Deployment)
class DeploymentAdmin(ReadOnly, ModelAdmin):
    """The deployment's part of all epochs, and the last failover of the database that was seen."""

    list_display = ("__str__", "bumped_at", "failover", "failover_at", "timeline")
    ordering = ("id",)


@admin.register(Event)
class EventAdmin(ReadOnly, ByKey):
    """The log. Only streams have an index, so every search begins with a stream."""

    class Media:
        css: ClassVar = {"all": ["realtime/admin/event.css"]}

    list_display = ("stream", "offset", "type", "filter_type", "sockets", "created_at")
    list_display_links = ("offset",)
    list_select_related = ("stream",)
    search_help_text = (
        "A stream, and in it an offset or a type, such as: user:17 42, or: user:17 notification"
    )
    linked_by = ("stream__id__exact",)
    fields = (
        "stream",
        "offset",
        "type",
        "filter_type",
        "message",
        "idempotency_key",
        "sockets",
        "created_at",
    )

    def get_key(self, request: HttpRequest) -> tuple[str, ...]:
        """Order within a stream by offset, which has the index."""
        in_stream = self.linked_by[0] in request.GET or request.GET.get(SEARCH_VAR, "").strip()
        return ("offset",) if in_stream else ("id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        words = search_term.split()
        if not words:
            return queryset, False
        stream = Stream.objects.filter(name=words[0]).first()
        if stream is None:
            messages.warning(request, f"There is no stream {words[0]!r}; begin with one.")
            return queryset.none(), False
        queryset = queryset.filter(stream=stream)
        for word in words[1:]:
            offset = row_id(word)
            queryset = queryset.filter(offset=offset) if offset else queryset.filter(type=word)
        return queryset, False

    @admin.display(description="sent to sockets")
    def sockets(self, event: Event) -> str:
        """Show how many sockets a shared event was sent to; events of users are not counted."""
        is_shared = stream_user(event.stream.name) is None
        return str(event.reached) if is_shared else "not counted"

    @admin.display(description="payload")
    def message(self, event: Event) -> str:
        """Show the JSON of the wire, indented."""
        text = json.dumps(json.loads(event.payload), indent=2, ensure_ascii=False)
        return format_html('<pre class="event-payload">{}</pre>', text)


@admin.register(Cursor)
class CursorAdmin(ReadOnly, ByKey):
    list_display = ("user", "device", "stream", "acked", "behind", "updated_at")
    list_display_links = ("device", "acked")
    list_select_related = ("user", "stream")
    search_help_text = "The beginning of a user's name, or a user's id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cursor]:
        found: QuerySet[Cursor] = super().get_queryset(request)
        stream = "(SELECT epoch FROM realtime_stream WHERE id = realtime_cursor.stream_id)"
        return found.annotate(whole=RawSQL(log.composed(stream), []))

    def matching(self, word: str) -> Q:
        return Q(user__in=users_found(word))

    @admin.display(description="not acked")
    def behind(self, cursor: Any) -> str:
        """Show how many events the device has not acknowledged in this epoch."""
        if cursor.epoch != cursor.whole:
            return "another epoch"
        return str(cursor.stream.head - cursor.acked)


@admin.register(Node)
class NodeAdmin(ReadOnly, ModelAdmin):
    list_display = (
        "__str__",
        "alive",
        "degraded",  # a wide table shows its first columns only
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
        "epoch",
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
class ConnectionAdmin(ReadOnly, ByKey):
    """Connected sockets. Staff who may delete connections can close them."""

    list_display = (
        "id", "user", "device", "device_class", "is_active", "address", "client", "node",
        "opened_at",
    )  # fmt: skip
    list_select_related = ("user", "node")
    search_help_text = "The beginning of a user's name, or the whole id of a user or a connection"
    actions = ("close", "send_away")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        # Without a join, which would sort all connections of a node.
        silent = Node.objects.exclude(registry.alive()).values_list("pk", flat=True)
        return Connection.objects.exclude(node__in=list(silent))

    def matching(self, word: str) -> Q:
        return Q(user__in=users_found(word)) | Q(pk=word)

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
        changes.close_connections(chosen, by=request.user.pk, reconnect=reconnect)
        self.message_user(
            request, f"{len(chosen)} connection(s) told to close; they leave this list in seconds."
        )


@admin.register(Host)
class HostAdmin(ModelAdmin):
    """Providers and channels, as all workers share them. Staff with the right to change stop them.

    A reason stops calls, by the name of a provider or of a channel (`channel:sms`); without one
    they go on, and failures are forgotten. The admin's log has who did it.
    """

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

    @admin.display
    def state(self, host: Any) -> str:
        if host.stopped_at is not None:
            return "stopped"
        return "open: it fails" if host.is_open else "called"


@admin.register(IssuedToken)
class IssuedTokenAdmin(ReadOnly, ByKey):
    """Issued refresh tokens. The stored part does not suffice to use one."""

    list_display = ("jti", "user", "login", "issued_at", "used_at", "expires_at")
    list_select_related = ("user",)
    search_help_text = "The beginning of a user's name, a user's id, or a whole jti"

    def get_key(self, request: HttpRequest) -> tuple[str, ...]:
        """Order by time, as a jti is random; many tokens expire in one second."""
        return ("expires_at", "jti")

    def matching(self, word: str) -> Q:
        return Q(user__in=users_found(word)) | Q(jti=word)

    @admin.display(description="session")
    def login(self, token: IssuedToken) -> str:
        """Show the start of the session, to keep the list narrow."""
        return token.session[:8]
