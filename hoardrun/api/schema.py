"""The OpenAPI document and its page, which loads nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import get_lib_doc_excludes
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from hoardrun.api.openapi import BASE
from hoardrun.api.problems import CONTENT_TYPE
from hoardrun.policies import OF_PAGES, POLICY
from realtime.rest.pagination import TOTAL
from realtime.rest.schema import sent
from realtime.rest.serializers import StrictSerializer
from realtime.rest.views import View

FORMS = {"json": OpenApiJsonRenderer, "yaml": OpenApiYamlRenderer}

# Swagger UI styles its elements one by one, and has images in its style sheet.
OF_DOCS = OF_PAGES.replace("style-src", "style-src 'unsafe-inline'").replace(
    "img-src", "img-src data:"
)


def undescribed() -> list[type]:
    """Return the bases whose docstrings are for readers of the code, and no text of the API."""
    library: Any = get_lib_doc_excludes  # which comes without types
    return [StrictSerializer, *library()]


def add_what_all_share(result: dict[str, Any], generator: Any, **kwargs: Any) -> dict[str, Any]:
    """Say of every operation what all have in common.

    Each refuses in one shape, whatever the status; takes no fields but its own; and reads an
    empty parameter as one that was left out. Each has a line and a heading to be found by.
    """
    schemas: dict[str, Any] = result["components"]["schemas"]
    taken: set[str] = set()
    for path, item in result["paths"].items():
        for operation in item.values():
            _entitle(operation, path)
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query" and not parameter.get("required"):
                    parameter["allowEmptyValue"] = True
            for body in operation.get("requestBody", {}).get("content", {}).values():
                taken.add(body["schema"].get("$ref", "").rpartition("/")[2])
            _add_refusals(operation["responses"])
            _add_page_headers(operation)
    for name, schema in schemas.items():
        if name in taken:
            schema["additionalProperties"] = False
        else:
            _loosen(schema)
    schemas["Problem"] = BASE["problem"]
    return result


def _entitle(operation: dict[str, Any], path: str) -> None:
    """Make a summary of the first sentence, and a tag of the noun where the view names none.

    An operation is called by noun and verb, such as `accounts_list`.
    """
    operation["operationId"] = operation["operationId"].removeprefix("api_v1_")
    if operation["tags"] == ["api"]:  # the first part of the path
        operation["tags"] = [path.split("/")[3]]
    if "summary" not in operation:
        sentence, _, rest = operation.pop("description", "").partition(".")
        operation["summary"] = " ".join(sentence.split())
        if rest.strip():
            operation["description"] = rest.strip()


def _add_page_headers(operation: dict[str, Any]) -> None:
    """Say of every list that comes in pages where the next one is, and how many rows there are."""
    if any(parameter["name"] == TOTAL for parameter in operation.get("parameters", ())):
        operation["responses"]["200"]["headers"] = BASE["page_headers"]


def _add_refusals(responses: dict[str, Any]) -> None:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, response in responses.items():
        if status[0] in "45":
            response["content"] = content
    responses["4XX"] = {"description": "The request is refused.", "content": content}
    responses["503"] = {"description": "Not now; try again.", "content": content}


def _loosen(schema: dict[str, Any]) -> None:
    """Let an answer have empty text, and be an empty list of whichever kind."""
    for field in schema.get("properties", {}).values():
        field.pop("minLength", None)
    if sum(option.get("type") == "array" for option in schema.get("oneOf", ())) > 1:
        schema["anyOf"] = schema.pop("oneOf")


@cache
def document(form: str) -> bytes:
    """Build the OpenAPI document as `yaml` or `json`, once in a process."""
    generator: Any = SchemaGenerator  # which comes without types
    text: bytes = FORMS[form]().render(generator().get_schema(public=True), renderer_context={})
    return text


class SchemaQuery(StrictSerializer):
    format = serializers.ChoiceField(["json", "yaml"], required=False)


class SchemaView(View):
    """The OpenAPI document: in YAML, or in JSON if `format` or the header Accept says so."""

    schema = None  # it describes others, and is not described itself
    permission_classes = (AllowAny,)
    renderer_classes = SpectacularAPIView.renderer_classes
    queries = {"GET": SchemaQuery}

    def get(self, request: Request) -> HttpResponseBase:
        renderer: Any = request.accepted_renderer
        form = self.asked(request).get("format", renderer.format)
        kind = renderer if form == renderer.format else FORMS[form]
        answer = sent(request, document(kind.format), kind.media_type)
        answer.headers["Cache-Control"] = "no-cache"  # keep it, and ask whether it has changed
        patch_vary_headers(answer, ["Accept"])
        return answer


class DocsQuery(StrictSerializer):
    script = serializers.CharField(required=False, allow_blank=True)


class DocsView(View, SpectacularSwaggerSplitView):
    """The page on which to read and try the API."""

    http_method_names = ["get", "head"]  # it has no other form than that of a page
    queries = {"GET": DocsQuery}

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.headers[POLICY] = OF_DOCS
        return response
