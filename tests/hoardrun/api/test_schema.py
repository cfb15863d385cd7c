"""The documentation of the API."""

from __future__ import annotations

import inspect
import io
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from hoardrun.api import schema
from realtime.rest.serializers import StrictSerializer


@pytest.fixture(params=["/api/docs", "/api/docs?script="])
def page(request, db) -> str:
    return str(Client().get(request.param).content.decode())


@pytest.fixture
def document(db) -> Any:
    """The schema, as JSON."""
    return Client().get("/api/schema", {"format": "json"}).json()


def test_it_loads_nothing_from_elsewhere(page: str):
    assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", page) == []


def test_the_page_uses_no_validator_elsewhere(page: str):
    assert '"validatorUrl": null' in page or "script=" in page


def test_it_runs_no_script_but_its_own(db):
    answer = Client().get("/api/docs")
    assert "script-src 'self';" in answer["Content-Security-Policy"]
    assert re.findall(r"<script>|\son\w+=", answer.content.decode()) == []


def test_everything_the_page_names_is_there(db, settings):
    settings.SERVESTATIC_USE_FINDERS = True
    client = Client()
    page = client.get("/api/docs").content.decode()
    names = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(names) >= 4
    for name in names:
        assert client.get(name.replace("&amp;", "&")).status_code == 200, name


def test_it_is_complete_and_valid():
    text = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=text)
    for path in ("/api/v1/snapshot:", "/api/v1/auth/token:", "/ws/broadcast/announcement:"):
        assert path in text.getvalue()


def test_it_comes_as_json_too(document):
    validate_schema(document)
    assert document["info"]["title"] == "hoardrun"


def test_it_says_how_broadcasts_are_answered(document):
    paths = document["paths"]
    for kind in ("notification", "transaction", "balance", "market", "announcement"):
        answers = paths[f"/ws/broadcast/{kind}"]["post"]["responses"]
        assert answers.keys() >= {"200", "202", "400", "403", "404", "409", "413", "429"}
        assert "application/problem+json" in answers["403"]["content"]
    for decision in ("approve", "reject"):
        answers = paths[f"/ws/broadcast/{{broadcast_id}}/{decision}"]["post"]["responses"]
        assert answers.keys() >= {"200", "403", "404", "409", "429"}
    assert "200" in paths["/ws/broadcast/waiting"]["get"]["responses"]


def test_every_operation_has_a_heading_and_a_line(document):
    headings = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert len(operation["tags"]) == 1 and set(operation["tags"]) <= headings, path
            assert 5 < len(operation["summary"]) < 90, path
            assert "\n" not in operation["summary"]
    about = document["paths"]["/api/v1/market-data"]["get"]["description"]
    assert about.startswith("What the existing front end calls, and for nothing else")


def test_it_says_how_to_authorize(document):
    about = document["info"]["description"]
    assert "POST /api/v1/auth/token" in about and "**Authorize**" in about
    [bearer] = [n for n, s in document["components"]["securitySchemes"].items() if "scheme" in s]
    assert f"`{bearer}`" in about
    assert "demo" not in about  # outside DEBUG there is none


VERBS = {"list", "retrieve", "create", "update", "partial_update", "destroy", "destroy_all"}


def test_operations_are_called_by_noun_and_verb(document):
    """The noun is in the path. The verb is a common one, or the last word of the path."""
    taken: set[str] = set()
    for path, operations in document["paths"].items():
        words = [part.replace("-", "_") for part in path.split("/") if part and "{" not in part]
        for method, operation in operations.items():
            name = operation["operationId"]
            assert name not in taken
            taken.add(name)
            [noun] = [word for word in words if name.startswith(f"{word}_")]
            verb = name.removeprefix(f"{noun}_")
            special = {  # a second method of a path that ends with the verb
                "notifications_bulk_replace": "put",
                "notifications_preferences_replace": "put",
            }
            assert verb in {*VERBS, words[-1]} or special.get(name) == method, name


def test_the_answer_with_floats_is_deprecated(document):
    floats = [
        path
        for path, operations in document["paths"].items()
        if any(operation.get("deprecated") for operation in operations.values())
    ]
    assert floats == ["/api/v1/market-data"]
    about = document["paths"]["/api/v1/market-data"]["get"]
    assert "old clients" in about["summary"]
    assert "`quotes`" in about["description"]


def test_every_answer_is_typed(document):
    """No answer is an object of which the document says nothing."""
    untyped = [
        (path, method, status)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        for body in answer.get("content", {}).values()
        if not body["schema"].keys() & {"$ref", "items", "oneOf", "anyOf"}
    ]
    assert untyped == []


@pytest.mark.parametrize("query", ["", "?format=json", "?format=yaml"])
def test_it_is_built_once_and_sent_again_only_if_it_has_changed(db, query: str, monkeypatch):
    def get(**headers: str) -> Any:
        return Client().get(f"/api/schema{query}", headers=headers)

    schema.document.cache_clear()
    first = get()
    monkeypatch.setattr(SchemaGenerator, "get_schema", None)  # it would fail if it were built again
    again = get()
    assert (again.status_code, again.content) == (200, first.content)
    assert again["ETag"] == first["ETag"]
    assert "Accept" in again["Vary"]
    same = get(If_None_Match=first["ETag"])
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert get(If_None_Match='"other"').status_code == 200


def test_it_comes_in_the_form_that_is_asked_for(db):
    openapi = "application/vnd.oai.openapi"
    kinds = ("application/json", f"{openapi}+json", openapi)
    for accept, kind in (*((kind, kind) for kind in kinds), ("*/*", openapi)):
        assert Client().get("/api/schema", headers={"Accept": accept})["Content-Type"] == kind
    assert Client().get("/api/schema?format=xml").status_code == 400
    assert Client().options("/api/docs").status_code == 405


def test_words_for_readers_of_the_code_are_no_texts_of_the_api(document):
    ours = inspect.cleandoc(StrictSerializer.__doc__ or "-").splitlines()[0]
    assert [
        name
        for name, each in document["components"]["schemas"].items()
        if ours in each.get("description", "")
    ] == []
