"""Serve documents of the API, and of them the AsyncAPI document of the wire."""

from __future__ import annotations

import hashlib
from functools import cache

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.settings import spectacular_settings
from rest_framework.request import Request

from realtime.protocol.export import asyncapi
from realtime.rest.views import View


def sent(request: Request, document: bytes, media_type: str) -> HttpResponseBase:
    """Answer with a document, or with 304 to a client that has it."""
    mark = _etag(document)
    answer = HttpResponse(document, content_type=media_type, headers={"ETag": mark})
    conditional = get_conditional_response(request._request, etag=mark, response=answer)
    assert conditional is not None  # without a precondition, it is the response
    return conditional


@cache
def _etag(document: bytes) -> str:
    return f'"{hashlib.sha256(document).hexdigest()[:32]}"'


@cache
def _document(version: str) -> bytes:
    return asyncapi.document(version).encode()


class SchemaView(View):
    """Serve `docs/protocol/asyncapi.json` to all who may read the OpenAPI document."""

    permission_classes = spectacular_settings.SERVE_PERMISSIONS
    schema = None  # not part of the OpenAPI document

    def get(self, request: Request) -> HttpResponseBase:
        return sent(request, _document(settings.VERSION), "application/json")
