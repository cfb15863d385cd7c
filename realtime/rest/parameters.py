"""The query parameters of an operation, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema


class ViewSchema(AutoSchema):
    """Describes the parameters of a method by the serializer in its view's `queries`."""

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "queries", {}).get(self.method)
        return [] if query is None else [query]
