"""Log in, stay logged in, log out, and who am I."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.settings import api_settings as jwt_settings
from rest_framework_simplejwt.tokens import Token

from hoardrun.api import tokens
from hoardrun.api.throttles import LoginAttempt, LoginThrottle, TicketThrottle
from realtime.access import tickets
from realtime.access.keys import RefreshToken
from realtime.access.tokens import BadToken, identity_of, read
from realtime.access.validity import stamp_of
from realtime.core.identity import Identity
from realtime.core.programs import cleaned
from realtime.rest.authentication import LoginAuthentication
from realtime.rest.hot import HotRead
from realtime.rest.serializers import StrictSerializer, checked
from realtime.rest.views import View
from realtime.sql.prepared import Prepared

MAX_PASSWORD_LENGTH = 1024  # hashing takes longer the longer it is
MAX_TOKEN_LENGTH = 8192


class TokenInput(StrictSerializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(
        max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False, style={"input_type": "password"}
    )


class RefreshInput(StrictSerializer):
    refresh = serializers.CharField(max_length=MAX_TOKEN_LENGTH)


class UserOutput(serializers.Serializer[User]):
    id = serializers.CharField(source="pk")
    username = serializers.CharField(source="get_username")
    name = serializers.CharField(read_only=True)
    email = serializers.CharField(read_only=True)
    is_staff = serializers.BooleanField()

    def to_representation(self, instance: User) -> dict[str, Any]:
        return _described(instance)


def _described(user: Any) -> dict[str, Any]:
    """Describe a user, of a model that may lack a name and an address."""
    return {
        "id": str(user.pk),
        "username": str(user.get_username()),
        "name": str(user.get_full_name()) if hasattr(user, "get_full_name") else "",
        "email": str(getattr(user, user.get_email_field_name(), "")),
        "is_staff": user.is_staff,
    }


class LoginOutput(serializers.Serializer[tokens.Login]):
    access = serializers.CharField()
    refresh = serializers.CharField(help_text="Good once, for `auth/refresh`.")
    token_type = serializers.CharField(help_text="`Bearer`")
    expires_in = serializers.IntegerField(help_text="Seconds until `access` ends.")
    user = UserOutput()


class _Anonymous(View):
    """A view that reads no credentials but those in its body."""

    authentication_classes: tuple[type[BaseAuthentication], ...] = ()
    permission_classes = (AllowAny,)

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'  # without it, DRF would turn 401 into 403


class TokenView(_Anonymous):
    own_throttles = (LoginThrottle,)
    attempt: LoginAttempt  # the throttle makes it

    @extend_schema(operation_id="auth_token", request=TokenInput, responses=LoginOutput, auth=[])
    def post(self, request: Request) -> Response:
        """Log in with a name and a password."""
        user = authenticate(request._request, **checked(TokenInput, request.data))
        if not isinstance(user, get_user_model()):
            raise AuthenticationFailed("The name or the password is wrong.", "wrong_credentials")
        self.attempt.succeeded()
        return Response(LoginOutput(tokens.login_create(user=user, client=_program(request))).data)


class _RefreshAuthentication(LoginAuthentication):
    """Say whose a refresh token in the body is, so that the user is counted and not the address.

    Else one user behind an office's address, by asking too much, ends the logins of all others
    there. A token of a login that is over counts for the address.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        data: Any = request.data
        text = data.get("refresh") if isinstance(data, Mapping) else None
        if not isinstance(text, str):
            return None
        try:
            token, _ = read(RefreshToken, text)
            return self.get_user(token), token
        except (BadToken, InvalidToken):
            return None  # which the view says by itself


class RefreshView(_Anonymous):
    authentication_classes = (_RefreshAuthentication,)

    @extend_schema(
        operation_id="auth_refresh", request=RefreshInput, responses=LoginOutput, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for new tokens.

        Asked again within REFRESH_GRACE_SECONDS (30) of its use, as after a lost answer, it
        gives the same successor again. Used after that it ends the login, with its sockets.
        """
        asked = checked(RefreshInput, request.data)
        login = tokens.login_refresh(**asked, client=_program(request))
        return Response(LoginOutput(login).data)


class LogoutView(_Anonymous):
    authentication_classes = (_RefreshAuthentication,)

    @extend_schema(operation_id="auth_logout", request=RefreshInput, responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        """End a login: its tokens are worthless, its sockets close; again is no error."""
        tokens.login_end(**checked(RefreshInput, request.data))
        return Response(status=204)


def _program(request: Request) -> str:
    """Return what the client's program calls itself."""
    return cleaned(request.headers.get("User-Agent", ""))


class TicketOutput(serializers.Serializer[dict[str, Any]]):
    ticket = serializers.CharField(help_text="Connect with `?ticket=`; good once.")
    expires_in = serializers.IntegerField(help_text="Seconds.")


class TicketView(View):
    own_throttles = (TicketThrottle,)

    @extend_schema(
        operation_id="ws_ticket_create", request=None, responses=TicketOutput, tags=["realtime"]
    )
    def post(self, request: Request) -> Response:
        """Get a ticket that lets one WebSocket in, so that no token need be in its URL.

        The socket's login ends when the token does with which the ticket was asked for.
        """
        ticket, seconds = tickets.issue(_identity(request))
        return Response({"ticket": ticket, "expires_in": round(seconds)})


def _identity(request: Request) -> Identity:
    """Return the identity of the request's token; a browser's session counts as a new login."""
    assert isinstance(request.user, get_user_model())  # IsAuthenticated let the request in
    if isinstance(request.auth, Token):
        return identity_of(request.auth)
    lasts = jwt_settings.ACCESS_TOKEN_LIFETIME
    return Identity(
        user_id=request.user.pk,
        expires_at=(timezone.now() + lasts).timestamp(),
        session=secrets.token_hex(16),
        stamp=stamp_of(request.user.password),
    )


class MeView(HotRead):
    @classmethod
    def hot(cls, user_id: int, **filters: Any) -> dict[str, Any]:
        [row] = _user.rows(user_id)  # it has a valid login
        model = get_user_model()
        return _described(model.from_db(None, list(row._fields), list(row)))

    @extend_schema(operation_id="auth_me", responses=UserOutput)
    def get(self, request: Request) -> Response:
        """Say who is logged in."""
        assert isinstance(request.user, get_user_model())  # IsAuthenticated let the request in
        return Response(UserOutput(request.user).data)


def _select_user(user_id: int) -> QuerySet[Any, Any]:
    model = get_user_model()
    columns = (field.attname for field in model._meta.concrete_fields)
    found: QuerySet[Any, Any] = model._default_manager.filter(pk=user_id).values_list(*columns)
    return found


_user = Prepared(_select_user)
