"""Two ways to page lists: by `cursor`, and by `skip` and `limit` for older clients.

Both put the next page into the header `Link`. `total` counts the rows of this answer only; links
to the next page leave it out.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from realtime.rest.serializers import WholeNumber

DEFAULT_SIZE = 50
MAX_SIZE = 200
MAX_SKIP = 1_000_000
TOTAL = "total"
TOTAL_HEADER = "X-Total-Count"
_POSITION = r"[1-9][0-9]{0,17}"  # an id
_OTHER_WAY = "Not with `cursor` or `page_size`: page by one way or by the other."
_BAD_CURSOR = "Not a cursor of this list; take one from `next` or `previous`, or begin without."


class _Window(serializers.Serializer[Any]):
    skip = WholeNumber(min_value=0, max_value=MAX_SKIP, default=0)
    limit = WholeNumber(min_value=1, max_value=MAX_SIZE, default=DEFAULT_SIZE)
    total = serializers.BooleanField(default=False)


def window_of(asked: QueryDict) -> tuple[int, int] | None:
    """Return `skip` and `limit`; None if pages are asked for in another way, or the total.

    Raises ValidationError.
    """
    if "cursor" in asked or "page_size" in asked:
        return None
    window = _window(asked)
    return None if window[TOTAL] else (window["skip"], window["limit"])


def next_window(address: str, skip: int, limit: int) -> str | None:
    """Return the address of the page behind a window, None if there can be none."""
    if skip + limit > MAX_SKIP:
        return None
    here = replace_query_param(remove_query_param(address, TOTAL), "limit", limit)
    return str(replace_query_param(here, "skip", skip + limit))


def _window(asked: QueryDict) -> dict[str, Any]:
    names = ("skip", "limit", TOTAL)
    window = _Window(data={name: asked[name] for name in names if asked.get(name)})
    window.is_valid(raise_exception=True)
    found: dict[str, Any] = window.validated_data
    return found


class CursorOrWindow(CursorPagination):
    """Answer `{next, previous, results}` to `cursor` or `page_size`, else a plain list.

    An empty `cursor` is the first page. `skip` and `limit` beside either are refused.
    Pages by cursor neither repeat nor leave out rows while new ones arrive.
    """

    # Not by created_at: DRF's cursor uses one field and loses its place among equal values.
    ordering = "-id"
    page_size = DEFAULT_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_SIZE
    parameters = ("cursor", "page_size", "skip", "limit", TOTAL)
    _windowed = False
    _next: str | None = None
    _total: int | None = None

    def decode_cursor(self, request: Request) -> Any:
        """Read a cursor exactly as it was written; refuse anything else before a query."""
        self.base_url = remove_query_param(str(self.base_url), TOTAL)  # links are built from it
        given = request.query_params.get(self.cursor_query_param)
        if not given:
            return None  # the first page
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            cursor = None
        if cursor is None or (
            cursor.position is not None and not re.fullmatch(_POSITION, str(cursor.position))
        ):
            raise serializers.ValidationError({"cursor": [_BAD_CURSOR]})
        written = replace_query_param(self.base_url, self.cursor_query_param, given)
        if self.encode_cursor(cursor) != written:
            raise serializers.ValidationError({"cursor": [_BAD_CURSOR]})
        return cursor

    def get_page_size(self, request: Request) -> int | None:
        """Read `page_size`; refuse values that DRF would replace by its default."""
        asked = request.query_params.get("page_size") or self.page_size
        size = WholeNumber(min_value=1, max_value=MAX_SIZE)
        try:
            return int(size.run_validation(asked))
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"page_size": error.detail}) from None

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any] | None:
        asked = request.query_params
        self._windowed = "cursor" not in asked and "page_size" not in asked
        if not self._windowed and (both := [name for name in ("skip", "limit") if asked.get(name)]):
            raise serializers.ValidationError({name: [_OTHER_WAY] for name in both})
        window = _window(asked)
        if window[TOTAL]:
            self._total = queryset.count()
        if not self._windowed:
            page: list[Any] | None = super().paginate_queryset(queryset, request, view)
            self._next = self.get_next_link()
            return page
        skip, limit = window["skip"], window["limit"]
        found = list(queryset[skip : skip + limit + 1])
        if len(found) > limit:
            self._next = next_window(request.build_absolute_uri(), skip, limit)
        return found[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        answer = Response(data) if self._windowed else super().get_paginated_response(data)
        if self._next is not None:
            answer.headers["Link"] = f'<{self._next}>; rel="next"'
        if self._total is not None:
            answer.headers[TOTAL_HEADER] = str(self._total)
        return answer

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {"oneOf": [schema, super().get_paginated_response_schema(schema)]}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        sizes = {"default": DEFAULT_SIZE, "minimum": 1, "maximum": MAX_SIZE}
        counted = f"Count all rows, into the header `{TOTAL_HEADER}`."
        skips = {"default": 0, "minimum": 0, "maximum": MAX_SKIP}
        window: list[tuple[str, str, str, dict[str, Any]]] = [
            ("skip", "Number of rows to leave out, counted from the newest.", "integer", skips),
            ("limit", "Number of rows to return at most.", "integer", sizes),
            (TOTAL, counted, "boolean", {"default": False}),
        ]
        own = super().get_schema_operation_parameters(view)
        for parameter in own:
            if parameter["name"] == "cursor":
                parameter["description"] = "Taken from `next` or `previous`; empty: page one."
            if parameter["name"] == "page_size":
                parameter["schema"] |= {"minimum": 1, "maximum": MAX_SIZE}
        for name, text, kind, bounds in window:
            schema = {"type": kind, **bounds}
            place = {"name": name, "in": "query", "required": False}
            own.append({**place, "description": text, "schema": schema})
        return own
