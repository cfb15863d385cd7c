"""Serve the AsyncAPI document of the wire, the counterpart of the OpenAPI document."""

from __future__ import annotations

import hashlib
from functools import cache

from django.conf import settings
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import etag
from drf_spectacular.settings import spectacular_settings
from rest_framework.request import Request

from realtime.protocol.export import asyncapi
from realtime.rest.views import View


@cache
def _document(version: str) -> bytes:
    return asyncapi.document(version).encode()


@cache
def _etag(version: str) -> str:
    return f'"{hashlib.sha256(_document(version)).hexdigest()[:32]}"'


class SchemaView(View):
    """Serve `docs/protocol/asyncapi.json` to all who may read the OpenAPI document."""

    permission_classes = spectacular_settings.SERVE_PERMISSIONS
    schema = None  # not part of the OpenAPI document

    @method_decorator(etag(lambda request: _etag(settings.VERSION)))
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(_document(settings.VERSION), content_type="application/json")
