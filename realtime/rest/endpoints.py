"""HTTP views of the engine."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from realtime import registry
from realtime.access import changes
from realtime.core.text import MAX_ID
from realtime.models import Connection
from realtime.rest.permissions import StaffWith, staff_may
from realtime.rest.serializers import StrictSerializer, UserIdInput
from realtime.rest.views import View

MAX_LISTED = 500
TAGS = ["realtime"]


class _CountsOutput(serializers.Serializer[dict[str, Any]]):
    """Counts of one node, or of all nodes together."""

    connections = serializers.IntegerField()
    users = serializers.IntegerField(help_text="One with sockets on two nodes counts on both.")
    rooms = serializers.IntegerField(help_text="Rooms that have a socket in them.")
    messages_in = serializers.IntegerField()
    messages_out = serializers.IntegerField()
    in_per_second = serializers.FloatField()
    out_per_second = serializers.FloatField()
    dropped = serializers.IntegerField()
    slow_closed = serializers.IntegerField()
    foreign = serializers.IntegerField(help_text="Messages of another deployment.")
    layer_rebuilt = serializers.IntegerField()
    lag_ms = serializers.FloatField(help_text="Of several nodes, of the one that lags most.")


class NodeOutput(_CountsOutput):
    node = serializers.CharField(help_text="Host and process.")
    id = serializers.CharField()
    host = serializers.CharField()
    pid = serializers.IntegerField()
    version = serializers.CharField()
    epoch = serializers.CharField(
        allow_null=True, help_text="The deployment's part of the epochs that it serves by."
    )
    uptime_seconds = serializers.IntegerField()
    seen_seconds_ago = serializers.FloatField()
    rss_mb = serializers.FloatField()
    degraded = serializers.CharField(help_text="What of the channel layer does not work.")


class TotalsOutput(_CountsOutput):
    nodes = serializers.IntegerField()
    degraded = serializers.IntegerField(help_text="Nodes whose channel layer does not work.")


class EpochOutput(serializers.Serializer[dict[str, Any]]):
    """The deployment's part of every epoch, and the last failover of the database."""

    deployment = serializers.CharField(help_text="Empty while nothing has begun a new one.")
    began_at = serializers.DateTimeField(allow_null=True)
    last_failover = serializers.CharField(allow_null=True, help_text="What it changed.")
    last_failover_at = serializers.DateTimeField(allow_null=True)


class ClusterOutput(serializers.Serializer[dict[str, Any]]):
    total_connections = serializers.IntegerField()
    unique_users = serializers.IntegerField()
    version = serializers.CharField()
    timestamp = serializers.DateTimeField()
    layer = serializers.ChoiceField(["memory", "redis"])
    epoch = EpochOutput()
    totals = TotalsOutput()
    nodes = NodeOutput(many=True)
    stale_nodes = NodeOutput(many=True, help_text="Silent for ten seconds or more.")
    rooms = serializers.DictField(child=serializers.IntegerField(), help_text="Sockets by room.")


class StatsOutput(serializers.Serializer[dict[str, Any]]):
    success = serializers.BooleanField()
    data = ClusterOutput()  # type: ignore[assignment]  # the wire has a field of this name


class _MaySeeNodes(StaffWith):
    rights = ("realtime.view_node",)


class StatsView(View):
    """Describe all nodes, with the totals under the names that existing tools read."""

    permission_classes = [_MaySeeNodes]

    @extend_schema(
        operation_id="stats_retrieve",
        summary="Connections, users, rooms and traffic of all nodes",
        description="Needs `realtime.view_node`, as the room `nodes` does.",
        responses=StatsOutput,
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        found = registry.cluster()
        totals = found.totals
        return Response(
            {
                "success": True,
                "data": {
                    "total_connections": totals["connections"],
                    "unique_users": totals["users"],
                    **found.as_json(),
                },
            }
        )


class ConnectionOutput(serializers.ModelSerializer[Connection]):
    user_id = serializers.CharField()
    username = serializers.CharField(source="user.get_username")
    node = serializers.CharField()

    class Meta:
        model = Connection
        fields = ("id", "user_id", "username", "device", "address", "client", "node", "opened_at")


class ClosedOutput(serializers.Serializer[dict[str, Any]]):
    closing = serializers.ListField(child=serializers.CharField(), help_text="Their ids.")


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MAX_ID})
class _UserIdParameter(UserIdInput):
    """The id of a user in a query, where every value is text."""


class _OfUser(StrictSerializer):
    user_id = _UserIdParameter(required=False, help_text="Only those of this user.")


class _Close(StrictSerializer):
    reconnect = serializers.BooleanField(
        required=False, help_text="Close with 1012, so that the client comes back, not with 4403."
    )


class _CloseOfUser(_Close):
    user_id = _UserIdParameter(
        help_text="The user's id.",
        error_messages={"required": "Give ?user_id=…, whose connections to close."},
    )


class _MayLookOrClose(BasePermission):
    """Staff with the permission to view connections, or to delete those that it closes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        right = "delete" if request.method == "DELETE" else "view"
        return staff_may(request.user, f"realtime.{right}_connection")


class ConnectionsView(View):
    """The sockets that are logged in, of all nodes, as of two seconds ago."""

    permission_classes = [_MayLookOrClose]
    queries = {"GET": _OfUser, "DELETE": _CloseOfUser}

    @extend_schema(
        operation_id="connections_list", responses=ConnectionOutput(many=True), tags=TAGS
    )
    def get(self, request: Request) -> Response:
        """List connections, the newest first, at most 500. Needs `realtime.view_connection`."""
        found = registry.connections()
        if (user_id := self.asked(request).get("user_id")) is not None:
            found = found.filter(user_id=user_id)
        return Response(ConnectionOutput(found[:MAX_LISTED], many=True).data)

    @extend_schema(operation_id="connections_destroy_all", responses={202: ClosedOutput}, tags=TAGS)
    def delete(self, request: Request) -> Response:
        """Close all connections of a user. Needs `realtime.delete_connection`."""
        asked = self.asked(request)
        if not get_user_model()._default_manager.filter(pk=asked["user_id"]).exists():
            raise NotFound("There is no such user.")
        return _closing(changes.close_user(by=request.user.pk, **asked))


class ConnectionView(View):
    """One socket."""

    permission_classes = [_MayLookOrClose]
    queries = {"DELETE": _Close}

    @extend_schema(operation_id="connections_destroy", responses={202: ClosedOutput}, tags=TAGS)
    def delete(self, request: Request, id: str) -> Response:
        """Close one connection. Needs `realtime.delete_connection`."""
        found = registry.connections().filter(pk=id).first()
        if found is None:
            raise NotFound("There is no such connection, or no longer.")
        changes.close_connections([found], by=request.user.pk, **self.asked(request))
        return _closing([found])


def _closing(found: list[Connection]) -> Response:
    return Response({"closing": [connection.pk for connection in found]}, status=202)
