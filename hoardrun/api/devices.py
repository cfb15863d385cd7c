"""The devices that a user is signed in on: each is a login. The user may end them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.tokens import Token

from realtime.access.changes import end_other_sessions
from realtime.access.logins import KnownLogin, end_login, logins
from realtime.access.tokens import identity_of
from realtime.core.programs import name_of
from realtime.errors import Conflict
from realtime.rest.views import View, user_id

TAGS = ["auth"]


class NoLogin(Conflict):
    """The request has no login of its own that could stay."""

    code = "no_login"
    title = "No login of its own"


class DeviceOutput(serializers.Serializer[KnownLogin]):
    id = serializers.CharField(source="session", help_text="Of the login.")
    name = serializers.SerializerMethodField(
        help_text="Program and system, such as `Firefox, Linux`; may be empty."
    )
    device_class = serializers.SerializerMethodField(
        help_text="`phone`, `desktop` or `service`, while it is connected and says so."
    )
    is_current = serializers.SerializerMethodField(help_text="It is this one that asks.")
    is_online = serializers.BooleanField(help_text="It has an open socket.")
    is_active = serializers.BooleanField(help_text="Its person is there, as it last said.")
    began_at = serializers.DateTimeField(
        allow_null=True, help_text="Of the login; null: not known any more."
    )
    seen_at = serializers.DateTimeField(
        help_text="Now while it is connected, else to within the life of an access token."
    )

    def get_name(self, login: KnownLogin) -> str:
        return name_of(login.client)

    def get_device_class(self, login: KnownLogin) -> str:
        return next((socket.device_class for socket in login.sockets if socket.device_class), "")

    def get_is_current(self, login: KnownLogin) -> bool:
        return bool(login.session == self.context["session"])


class EndedOutput(serializers.Serializer[dict[str, Any]]):
    ended = serializers.IntegerField(help_text="How many logins.")


class DevicesView(View):
    @extend_schema(operation_id="devices_list", responses=DeviceOutput(many=True), tags=TAGS)
    def get(self, request: Request) -> Response:
        """List the devices that you are signed in on, those seen last first.

        Of those that are not connected, at most 100.
        """
        found: Any = logins(user_id(request))
        context = {"session": _session(request)}
        return Response(DeviceOutput(found, many=True, context=context).data)


class DeviceView(View):
    @extend_schema(operation_id="devices_destroy", responses={204: None}, tags=TAGS)
    def delete(self, request: Request, id: str) -> Response:
        """Sign a device out: its tokens are worthless, its sockets close with 4401."""
        if not end_login(user_id=user_id(request), session=id):
            raise NotFound("There is no such device, or no longer.")
        return Response(status=204)


class EndOthersView(View):
    @extend_schema(
        operation_id="devices_end_others", request=None, responses=EndedOutput, tags=TAGS
    )
    def post(self, request: Request) -> Response:
        """Sign all your other devices out; the one that asks stays."""
        session = _session(request)
        if not session:
            raise NoLogin("Ask with the access token of the login that stays.")
        return Response({"ended": end_other_sessions(user_id(request), session)})


def _session(request: Request) -> str:
    """Return the name of the login that asks; empty for a browser's session of the admin."""
    return identity_of(request.auth).session if isinstance(request.auth, Token) else ""
