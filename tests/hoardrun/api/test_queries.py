"""Query parameters: what an operation has is in the schema, and everything else is refused."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from realtime.rest.pagination import CursorOrWindow
from realtime.rest.views import View
from tests.clients import api_as
from tests.hoardrun.tools import METHODS, api_views, operations, problem

VIEWS = {path: view for path, view in api_views() if not path.endswith("/")}
LISTS = [
    path
    for path, view in VIEWS.items()
    if issubclass(getattr(view, "pagination_class", None) or object, CursorOrWindow)
]


def _cursor(text: str) -> str:
    return base64.b64encode(text.encode("latin-1")).decode()


BAD_CURSORS = [
    "cD1hYmM=",  # p=abc
    *map(
        _cursor,
        [
            "p=", "p=0", "p=-1", "p=1.5", "p=1e5", "p=0x10", f"p={2**63}", f"p={2**200}", "p=%00",
            "p=%D9%A1", "p=2026-01-01", "p=1&o=-1", "p=1&o=x", "p=1&r=x", "r=" + "9" * 5000,
            "p=a&p=1", "p=\xff",
        ],
    ),
    "nonsense", "=", "%00", "é", "p=1", "A" * 5000,
]  # fmt: skip


def test_every_view_of_the_api_is_checked():
    assert len(VIEWS) > 30
    assert [path for path, view in VIEWS.items() if not issubclass(view, View)] == []


def test_the_schema_has_the_parameters_that_each_operation_takes(db):
    schema = Client().get("/api/schema?format=json").json()
    checked = 0
    for path, described in schema["paths"].items():
        view = VIEWS[re.sub(r"{(\w+)}", _as_route(path), path)]
        for method in METHODS:
            if method in described:
                parameters = described[method].get("parameters", [])
                named = [item["name"] for item in parameters if item["in"] == "query"]
                assert sorted(named) == sorted(view.parameters(method.upper())), (method, path)
                checked += len(named)
    assert checked > 25


def _as_route(path: str) -> str:
    return r"<int:\1>" if path.startswith("/ws/broadcast/") else r"<str:\1>"


@pytest.mark.parametrize(("method", "path", "view"), operations())
def test_unknown_and_repeated_parameters_are_refused_with_the_names_that_exist(
    charlie: User, method: str, path: str, view: Any
):
    ask = getattr(api_as(charlie), method)
    answer = ask(f"{path}?usr_id=1&pagesize=2", data=None)
    errors = problem(answer, 400, "invalid_input", "usr_id", "pagesize")["errors"]
    known = view.parameters(method.upper())
    assert all(name in errors["usr_id"][0] for name in known)
    for name in known:
        problem(ask(f"{path}?{name}=1&{name}=1", data=None), 400, "invalid_input", name)


def test_options_and_head_take_what_the_view_takes(alice: User):
    client = api_as(alice)
    assert client.head("/api/v1/notifications?page_size=2").status_code == 200
    assert client.options("/api/v1/notifications?page_size=2").status_code == 200
    assert client.head("/api/v1/notifications?pagesize=2").status_code == 400


def test_a_method_not_allowed_is_answered_with_405(alice: User):
    for method in ("TRACE", "PUT"):
        answer = api_as(alice).generic(method, "/api/v1/notifications?page_size=2")
        problem(answer, 405, "method_not_allowed")


def test_many_parameters_are_refused_in_few_words(alice: User):
    query = "&".join(f"k{number}=1" for number in range(900))
    answer = api_as(alice).get(f"/api/v1/accounts?{query}")
    assert len(problem(answer, 400, "invalid_input")["errors"]) == 20
    query = "&".join(f"k{number}=1" for number in range(5000))
    problem(api_as(alice).get(f"/api/v1/accounts?{query}"), 400, "bad_request")


def test_there_are_lists_to_page():
    assert len(LISTS) >= 3


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", BAD_CURSORS, ids=lambda cursor: cursor[:30])
def test_a_cursor_that_we_have_not_written_is_refused(charlie: User, path: str, cursor: str):
    answer = api_as(charlie).get(path, {"cursor": cursor})
    problem(answer, 400, "invalid_input", "cursor")
