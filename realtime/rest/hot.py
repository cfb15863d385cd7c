"""The base of hot reads: lists that clients ask for all the time, and at every start of an app.

A view says once what it answers: `hot` returns messages of a user, and the rows come from
`realtime.sql.prepared`. DRF answers with that as with any view. The project's ASGI application may
answer a request that holds nothing unusual before Django is asked: `plan` reads the query string,
`body` writes the answer. A query that `plan` does not take goes to DRF, which can refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec
from django.core.exceptions import SuspiciousOperation
from django.db.models import Model
from django.http import QueryDict
from rest_framework.exceptions import APIException
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from realtime.rest.pagination import next_window, window_of
from realtime.rest.views import View, check_names, user_id

MAX_PLANS = 4096  # query strings that are remembered as they were read
_PLAIN_QUERY = re.compile(rb"[A-Za-z0-9_.,:=&%+-]{0,256}")
RowT = TypeVar("RowT", bound=Model)
_encode = msgspec.json.Encoder().encode


class Plan(NamedTuple):
    """A parsed query string: filters, and for a list the number of rows and the next page."""

    filters: Mapping[str, Any]
    skip: int = 0
    limit: int = 0
    next: str | None = None  # path and query


class HotRead(View):
    """A read of the user's own data, or of data that all users share."""

    units: ClassVar[int] = 1  # of the limit on reads

    @classmethod
    def hot(cls, user_id: int, **filters: Any) -> Any:
        """Return what a user is answered, as msgspec writes it."""
        raise NotImplementedError

    @classmethod
    @lru_cache(MAX_PLANS)
    def plan(cls, path: str, query: bytes) -> Plan | None:
        """Read a query string; None for one that is for DRF to answer."""
        if not _PLAIN_QUERY.fullmatch(query):
            return None
        given = QueryDict(query)
        try:
            check_names(given, cls.parameters("GET"))
            return cls._plan(given, path, query.decode())
        except (APIException, SuspiciousOperation):
            return None

    @classmethod
    def _plan(cls, given: QueryDict, path: str, query: str) -> Plan | None:
        return Plan(cls.checked_query("GET", given))

    @classmethod
    def body(cls, user_id: int, plan: Plan) -> tuple[bytes, bool]:
        """Return the JSON of the answer, and whether there is a next page."""
        return _encode(cls.hot(user_id, **plan.filters)), False

    def cost(self, request: Request) -> int:
        return self.units

    def get(self, request: Request) -> Response:
        found = self.hot(user_id(request), **self.checked_query("GET", request.query_params))
        return Response(msgspec.to_builtins(found))


class HotList(HotRead, ListAPIView[RowT]):
    """A list that comes in pages. By `skip` and `limit` it is hot; DRF pages it by `cursor`."""

    @classmethod
    def hot_rows(cls, user_id: int, *, skip: int, limit: int, **filters: Any) -> list[Any]:
        """Return messages, the first of them after `skip`."""
        raise NotImplementedError

    @classmethod
    def _plan(cls, given: QueryDict, path: str, query: str) -> Plan | None:
        window = window_of(given)
        if window is None:
            return None
        skip, limit = window
        address = next_window(f"{path}?{query}", skip, limit)
        return Plan(cls.checked_query("GET", given), skip, limit, address)

    @classmethod
    def body(cls, user_id: int, plan: Plan) -> tuple[bytes, bool]:
        found = cls.hot_rows(user_id, skip=plan.skip, limit=plan.limit + 1, **plan.filters)
        return _encode(found[: plan.limit]), len(found) > plan.limit

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return ListAPIView.get(self, request, *args, **kwargs)
