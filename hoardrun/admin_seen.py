"""The list of users in the admin says who is online, and when the others were last seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from realtime import clock, reach, registry
from realtime.admin_bases.pages import ByKey, KeyChangeList
from realtime.core.devices import SERVICE, SERVICE_PREFIX
from realtime.models import Connection, Departure, Node
from realtime.reach import UserReach

RIGHT = "realtime.view_connection"
COLUMNS = ("online", "last_seen", "devices")
WITHIN = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
_SERVICE = Q(device_class=SERVICE) | Q(device__startswith=SERVICE_PREFIX)


class SeenFilter(admin.SimpleListFilter):
    """Users who are online, or were seen lately: for staff with the right.

    Sockets of services make nobody online.
    """

    title = "last seen"
    parameter_name = "seen"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        lately = [(word, f"within the last {word}") for word in WITHIN]
        return [("now", "online now"), *lately] if request.user.has_perm(RIGHT) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        within = self.value()
        if within != "now" and within not in WITHIN:
            return queryset
        silent = list(Node.objects.exclude(registry.alive()).values_list("pk", flat=True))
        sockets = Connection.objects.exclude(_SERVICE).exclude(node__in=silent)
        own = sockets.filter(user=OuterRef("pk"))
        if within == "now":
            return queryset.filter(Exists(own))
        closed = Departure.objects.exclude(_SERVICE).filter(user=OuterRef("pk"))
        newest = closed.order_by("-closed_at").values("closed_at")[:1]
        # By row: of two EXISTS, PostgreSQL would read all sockets before the first user.
        seen: QuerySet[Any] = queryset.alias(
            seen_open=Subquery(own.values("pk")[:1]), seen_at=Subquery(newest)
        )
        since = clock.now() - WITHIN[within]
        return seen.filter(Q(seen_open__isnull=False) | Q(seen_at__gte=since))


class _SeenList(KeyChangeList):
    """A page of users, each with what is known of the devices: one query for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if request.user.has_perm(RIGHT):
            now = clock.now()
            found = reach.devices({user.pk: now for user in self.result_list})
            for user in self.result_list:
                user.reach = found[user.pk]


class SeenUsers(ByKey):
    """A list of users with these columns, for staff with the right."""

    def get_list_display(self, request: HttpRequest) -> Any:
        first, *others = super().get_list_display(request)
        return [first, *(COLUMNS if request.user.has_perm(RIGHT) else ()), *others]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _SeenList

    @admin.display(boolean=True)
    def online(self, user: Any) -> bool:
        return _reach(user).is_open

    @admin.display(description="last seen (UTC)", empty_value="-")
    def last_seen(self, user: Any) -> str | None:
        """Say when a device with a person was last connected; the last 14 days are known."""
        found = _reach(user)
        if found.is_open:
            return "now"
        seen_at = found.last_seen_at
        return None if seen_at is None else _at(seen_at)

    @admin.display(empty_value="-")
    def devices(self, user: Any) -> str | None:
        """Count the devices that are connected, with a link to their sockets."""
        connected = sum(device.is_open for device in _reach(user).devices)
        if not connected:
            return None
        url = reverse("admin:realtime_connection_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, user.pk, connected)


def _at(seen_at: datetime) -> str:
    text = f"{timezone.localtime(seen_at):%Y-%m-%d %H:%M}"
    return format_html('<span class="nowrap">{}</span>', text)


def _reach(user: Any) -> UserReach:
    found: UserReach = user.reach
    return found
