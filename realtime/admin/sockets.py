"""Who is connected, in the admin: nodes, sockets and logins. Staff may close connections."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from realtime import registry
from realtime.access import changes
from realtime.admin_bases.pages import ByKey, ModelAdmin, ReadOnly, users_found
from realtime.models import Connection, Departure, IssuedToken, Node


@admin.register(Node)
class NodeAdmin(ReadOnly, ModelAdmin):
    list_display = (
        "__str__",
        "alive",
        "charts",
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

    @admin.display(description="over time")
    def charts(self, node: Node) -> str:
        """Link to the charts of a node."""
        url, query = reverse("admin:realtime_charts"), urlencode({"node": node.pk})
        return format_html('<a href="{}?{}">charts</a>', url, query)


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


@admin.register(Departure)
class DepartureAdmin(ReadOnly, ByKey):
    """Sockets that have closed in the last 14 days: since when a user was not there."""

    list_display = ("id", "user", "device", "device_class", "code", "opened_at", "closed_at")
    list_select_related = ("user",)
    search_help_text = "The beginning of a user's name, or the whole id of a user or a connection"
    linked_by = ("user__id__exact",)
    fields = (
        "connection_id", "user", "device", "device_class", "code", "opened_at", "active_at",
        "closed_at", "written", "acked",
    )  # fmt: skip

    def matching(self, word: str) -> Q:
        return Q(user__in=users_found(word)) | Q(connection_id=word)


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
