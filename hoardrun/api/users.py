"""Find users by name, as staff's forms do."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from realtime.admin_bases.pages import users_named
from realtime.rest.permissions import StaffWith
from realtime.rest.serializers import StrictSerializer
from realtime.rest.views import View

MAX_FOUND = 10


class _MaySeeUsers(StaffWith):
    rights = ("auth.view_user",)


class UsersQuery(StrictSerializer):
    name = serializers.CharField(
        min_length=1, max_length=150, help_text="How the user name begins, or an e-mail address."
    )


class FoundUserOutput(serializers.Serializer[User]):
    id = serializers.CharField(source="pk")
    username = serializers.CharField(source="get_username")
    name = serializers.CharField(source="get_full_name")


class UsersView(View):
    permission_classes = (_MaySeeUsers,)
    queries = {"GET": UsersQuery}

    @extend_schema(operation_id="users_list", responses=FoundUserOutput(many=True), tags=["auth"])
    def get(self, request: Request) -> Response:
        """Find at most ten users by name, in order of their names. Needs `auth.view_user`."""
        ids = users_named(self.asked(request)["name"])
        found: Any = User.objects.filter(pk__in=ids).order_by("username")[:MAX_FOUND]
        return Response(FoundUserOutput(found, many=True).data)
