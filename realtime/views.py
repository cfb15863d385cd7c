"""HTTP views of the engine."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from realtime import registry


class StatsView(APIView):
    """Describe all nodes, with the totals under the names that existing tools read."""

    permission_classes = [IsAdminUser]

    @extend_schema(
        operation_id="ws_stats",
        summary="Connections, users, rooms and traffic of all nodes",
        description="Staff only.",
        responses=OpenApiTypes.OBJECT,
        tags=["realtime"],
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
