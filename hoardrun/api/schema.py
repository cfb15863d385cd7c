"""The OpenAPI document and its page, which loads nothing from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Swagger UI styles its elements one by one
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
SETTINGS = {
    "deepLinking": True,
    "persistAuthorization": True,
    "validatorUrl": None,  # else the page would send our schema's address to somebody
}


class SchemaView(SpectacularAPIView):
    """The OpenAPI document, in YAML or JSON."""


class DocsView(SpectacularSwaggerSplitView):
    """The page on which to read and try the API."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.data["settings"] = json.dumps(SETTINGS)
        response.headers["Content-Security-Policy"] = POLICY
        return response
