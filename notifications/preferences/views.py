"""The HTTP API of preferences and consents: thin callers of selectors and services."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.models import Preference
from notifications.preferences import selectors, services
from notifications.preferences.channels import channel_states
from notifications.preferences.errors import VersionMissing
from notifications.preferences.former import shown
from notifications.preferences.matrix import matrix
from notifications.preferences.serializers import (
    ConsentInput,
    ConsentOutput,
    FormerInput,
    FormerOutput,
    PreferencesInput,
    PreferencesOutput,
    PreferencesQuery,
)
from notifications.preferences.services import Origin
from realtime import clock
from realtime.rest.serializers import checked
from realtime.rest.views import View, user_id

IF_MATCH = "If-Match"
ANY = "*"
_TAG = re.compile(r'"([0-9]{1,9})"')
_VERSION = OpenApiParameter(
    IF_MATCH,
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The `ETag` of what you change, or `*` for any version.",
)
_ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200], description="The version."
)


class PreferencesView(View):
    queries = dict.fromkeys(("GET", "PUT", "PATCH"), PreferencesQuery)

    @extend_schema(
        operation_id="preferences_retrieve", responses=PreferencesOutput, parameters=[_ETAG]
    )
    def get(self, request: Request) -> Response:
        """Read what you have chosen, and what holds for each kind and channel."""
        query = self.asked(request)
        return _answer(user_id(request), **query)

    @extend_schema(
        operation_id="preferences_update",
        request=PreferencesInput,
        responses=PreferencesOutput,
        parameters=[_VERSION, _ETAG],
    )
    def put(self, request: Request) -> Response:
        """Replace all that you have chosen; what you leave out has its default."""
        query = self.asked(request)
        version, by = version_of(request), origin(request)
        chosen = checked(PreferencesInput, request.data)
        services.preferences_replace(
            user_id=user_id(request), chosen=chosen, by=by, version=version
        )
        return _answer(user_id(request), **query)

    @extend_schema(
        operation_id="preferences_partial_update",
        request=PreferencesInput,
        responses=PreferencesOutput,
        parameters=[_VERSION, _ETAG],
    )
    def patch(self, request: Request) -> Response:
        """Change some of what you have chosen, such as one switch.

        `cells` and `digests` are merged by name; null takes a choice back.
        """
        query = self.asked(request)
        version, by = version_of(request), origin(request)
        changes = checked(PreferencesInput, request.data)
        services.preferences_change(
            user_id=user_id(request), changes=changes, by=by, version=version
        )
        return _answer(user_id(request), **query)


class FormerPreferencesView(View):
    """For clients of an older API; `preferences` has everything."""

    @extend_schema(operation_id="notifications_preferences", responses=FormerOutput)
    def get(self, request: Request) -> Response:
        """Read your preferences in the shape of an older API."""
        return Response(_former(user_id(request)))

    @extend_schema(
        operation_id="notifications_preferences_replace",
        request=FormerInput,
        responses=FormerOutput,
    )
    def put(self, request: Request) -> Response:
        """Change your preferences in the shape of an older API; the rest stays."""
        wanted = checked(FormerInput, request.data)
        services.preferences_take_former(
            user_id=user_id(request), wanted=wanted, by=origin(request)
        )
        return Response(_former(user_id(request)))


class ConsentsView(View):
    @extend_schema(
        operation_id="consents_list", responses=ConsentOutput(many=True), tags=["preferences"]
    )
    def get(self, request: Request) -> Response:
        """List your newest word on each category and channel."""
        found = selectors.consents_newest(user_id(request)).values()
        ordered = sorted(found, key=lambda row: (row.category, row.channel))
        return Response(ConsentOutput(ordered, many=True).data)

    @extend_schema(
        operation_id="consents_create",
        request=ConsentInput,
        responses={201: ConsentOutput},
        tags=["preferences"],
    )
    def post(self, request: Request) -> Response:
        """Consent to optional messages of a category by a channel, or no longer."""
        wanted = checked(ConsentInput, request.data)
        row = services.consent_record(user_id=user_id(request), by=origin(request), **wanted)
        return Response(ConsentOutput(row).data, status=201)


def version_of(request: Request) -> int | None:
    """Read which version a request changes; None for any. Raises VersionMissing."""
    given = request.headers.get(IF_MATCH, "").strip()
    if not given:
        raise VersionMissing
    if given == ANY:
        return None
    found = _TAG.fullmatch(given)
    if found is None:
        wrong = "Send the `ETag` of the answer as it is, or `*`."
        raise serializers.ValidationError({IF_MATCH: [wrong]})
    return int(found[1])


def origin(request: Request) -> Origin:
    """Say who makes a change over HTTP, and from where."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    return Origin(actor=f"user:{user_id(request)}", source="api", address=address[:64])


def _answer(user: int, language: str = "") -> Response:
    """Answer with everything, of one state of the row."""
    row = Preference.objects.filter(pk=user).first() or Preference(user_id=user)
    granted = {key: one.granted for key, one in selectors.consents_newest(user).items()}
    body = msgspec.to_builtins(selectors.preferences_payload(row))
    now = clock.now()
    body["matrix"] = matrix(selectors.chosen(row, granted), now, locale=language)
    body["channels"] = channel_states(user, now)
    return Response(body, headers={"ETag": f'"{row.version}"'})


def _former(user: int) -> dict[str, Any]:
    return shown(selectors.preferences_get(user), selectors.consents_granted(user))
