"""The log in the admin: a record, whose streams and cursors are the engine's own."""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from realtime import log
from realtime.admin_bases.pages import ByKey, ModelAdmin, ReadOnly, first_keys, users_found
from realtime.core.text import row_id
from realtime.models import Cursor, Deployment, Event, Stream
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

    change_form_template = "admin/realtime/event/change_form.html"

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
        "request_id",
        "traceparent",
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
    list_display = ("user", "device", "device_class", "stream", "acked", "behind", "updated_at")
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
