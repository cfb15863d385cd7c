"""The base of every view of the HTTP API: strict parameters and throttles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from realtime.rest.serializers import MAX_NAMED, StrictSerializer, checked, surplus

ONCE = "Give it once."


class View(APIView):
    """Refuse query parameters that an operation does not have, and those given twice.

    A misspelt `user_id` must not turn one user's connections into those of all. The parameters
    of a method are the fields of its serializer in `queries`, and what pagination takes. The
    throttles of all views count every request as `cost` units, also one that is refused.
    `own_throttles` count in addition what has passed the permissions.
    """

    queries: ClassVar[Mapping[str, type[StrictSerializer]]] = {}
    own_throttles: ClassVar[tuple[type[BaseThrottle], ...]] = ()

    @classmethod
    def parameters(cls, method: str) -> list[str]:
        """Return the query parameters of a method; for OPTIONS those of all methods."""
        if method == "OPTIONS":
            known = (cls.parameters(other) for other in ("GET", *cls.queries))
            return list(dict.fromkeys(name for names in known for name in names))
        method = "GET" if method == "HEAD" else method
        query = cls.queries.get(method)
        names = [] if query is None else list(query().fields)
        if method == "GET":
            names += getattr(getattr(cls, "pagination_class", None), "parameters", ())
        return names

    def cost(self, request: Request) -> int:
        """Return the cost of a request for throttles, in units of about five milliseconds."""
        return 1

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Count a request, then check permissions; DRF does it the other way round."""
        refused = _refused_login(request)
        self._count(request, self.get_throttles())
        if refused is not None:
            raise refused
        super().initial(request, *args, **kwargs)
        if not hasattr(self, str(request.method).lower()):
            return  # it is answered with 405
        self._count(request, [throttle() for throttle in self.own_throttles])
        check_names(request.query_params, self.parameters(str(request.method)))

    def check_throttles(self, request: Request) -> None:
        """Do nothing when DRF calls: `initial` has counted already."""

    def _count(self, request: Request, throttles: Iterable[BaseThrottle]) -> None:
        """Raise Throttled at the first throttle that refuses; skip the rest."""
        for throttle in throttles:
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait() or 0)

    def asked(self, request: Request) -> dict[str, Any]:
        """Return the validated query; an empty parameter counts as absent."""
        method = "GET" if request.method == "HEAD" else str(request.method)
        return self.checked_query(method, request.query_params)

    @classmethod
    def checked_query(cls, method: str, query: QueryDict) -> dict[str, Any]:
        """Validate the query of a method; {} if it takes none."""
        kind = cls.queries.get(method)
        if kind is None:
            return {}
        given = {
            name: value
            for name in map(str, kind().fields)
            if (value := query.get(name)) is not None and value.strip()
        }
        return checked(kind, given)


def user_id(request: Request) -> int:
    """Return the id of the user who is logged in; 0 while the schema is drawn, without a user."""
    return request.user.pk or 0


def _refused_login(request: Request) -> APIException | None:
    """Read the credentials of a request; return why they are refused, if they are.

    After that, `request.user` is an anonymous user and gives no reason.
    """
    try:
        request.user  # noqa: B018  # this reads the database
    except APIException as error:
        return error
    return None


def check_names(query: QueryDict, known: Collection[str]) -> None:
    """Raise ValidationError for parameters that are unknown or repeated."""
    errors = surplus(query, known, "parameter")
    for name in known:
        if len(query.getlist(name)) > 1 and len(errors) < MAX_NAMED:
            errors[name] = [ONCE]
    if errors:
        raise serializers.ValidationError(errors)
