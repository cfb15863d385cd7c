"""Tell staff whether users are online, and when they were last seen."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth import get_user_model
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from realtime import clock, reach
from realtime.core.text import MAX_ID
from realtime.reach import DeviceReach, UserReach
from realtime.rest.permissions import StaffWith
from realtime.rest.serializers import StrictSerializer
from realtime.rest.views import View

MAX_USERS = 100  # in one request
_ID = re.compile("[1-9][0-9]{0,17}")


class _MaySeeConnections(StaffWith):
    rights = ("realtime.view_connection",)


class StatusQuery(StrictSerializer):
    ids = serializers.CharField(help_text=f"Of users, by commas; at most {MAX_USERS}.")

    def validate_ids(self, value: str) -> list[int]:
        words = [word.strip() for word in value.split(",")]
        if len(words) > MAX_USERS:
            raise serializers.ValidationError(f"Ask for at most {MAX_USERS} users at once.")
        wrong = [word for word in words if not _ID.fullmatch(word) or int(word) > MAX_ID]
        if wrong:
            raise serializers.ValidationError(f"{wrong[0][:20]!r} is no id of a user.")
        return list(dict.fromkeys(map(int, words)))


class OpenDeviceOutput(serializers.Serializer[DeviceReach]):
    device = serializers.CharField(source="name", help_text="As it calls itself; may be empty.")
    device_class = serializers.CharField(help_text="`phone`, `desktop`, `service` or empty.")
    is_active = serializers.BooleanField(help_text="Its person is there, as it last said.")
    active_at = serializers.DateTimeField(
        allow_null=True, help_text="When its person was last there; null: not said."
    )


class UserStatusOutput(serializers.Serializer[dict[str, Any]]):
    user_id = serializers.CharField()
    is_online = serializers.BooleanField(help_text="A device with a person is connected.")
    is_active = serializers.BooleanField(help_text="The person is there, at any device.")
    last_seen_at = serializers.DateTimeField(
        allow_null=True, help_text="When a device with a person was last connected; null: unknown."
    )
    devices = OpenDeviceOutput(many=True, help_text="Those that are connected.")


class UsersStatusView(View):
    permission_classes = (_MaySeeConnections,)
    queries = {"GET": StatusQuery}

    @extend_schema(
        operation_id="users_status", responses=UserStatusOutput(many=True), tags=["realtime"]
    )
    def get(self, request: Request) -> Response:
        """Say of some users whether they are online, and when they were last seen.

        In the order of `ids`, without those that do not exist; up to two seconds old. Needs
        `realtime.view_connection`.
        """
        ids = self.asked(request)["ids"]
        users = get_user_model()._default_manager.filter(pk__in=ids)
        known = set(users.values_list("pk", flat=True))
        now = clock.now()
        found = reach.devices(dict.fromkeys(known, now))
        rows: Any = [_described(user_id, found[user_id]) for user_id in ids if user_id in known]
        return Response(UserStatusOutput(rows, many=True).data)


def _described(user_id: int, user: UserReach) -> dict[str, Any]:
    connected = [device for device in user.devices if device.is_open]
    return {
        "user_id": str(user_id),
        "is_online": user.is_open,
        "is_active": user.is_active,
        "last_seen_at": user.moment if user.is_open else user.last_seen_at,
        "devices": sorted(connected, key=lambda device: device.name),
    }
