"""Problems, routes, pages of the admin and threads: what tests of the whole project share."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admindocs.views import extract_views_from_urlpatterns
from django.db import connection, connections
from django.db.models import Model
from django.urls import get_resolver, reverse

METHODS = ("get", "post", "put", "patch", "delete")
SHAPE = {"type", "title", "status", "detail", "code", "instance"}


def problem(response: Any, status: int, code: str = "", *fields: str) -> dict[str, Any]:
    """Check that an answer is a problem of this kind, if given, naming these fields; return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["instance"] == f"urn:request:{response['X-Request-ID']}"
    body: dict[str, Any] = response.json()
    assert body.keys() >= SHAPE
    assert (body["status"], body["code"]) == (status, code or body["code"]), body
    assert body["detail"] and body["title"]
    assert "Traceback" not in response.content.decode()
    assert set(fields) <= body.get("errors", {}).keys(), body
    return body


def views() -> list[tuple[str, Any]]:
    """List each route of the project, such as `/admin/<path:object_id>/`, with its view."""
    found: list[Any] = extract_views_from_urlpatterns(get_resolver().url_patterns, "/")
    return [(route, view) for view, route, *_ in found]


def api_views() -> list[tuple[str, type[Any]]]:
    """List each route of the API, such as `/api/v1/accounts/<str:account_id>`, with its view."""
    found = [(route, view) for route, view in views() if route.startswith(("/api/", "/ws/"))]
    return [(route, view.cls) for route, view in found if hasattr(view, "cls")]


def filled_in(route: str) -> str:
    """Return the path of a route whose parameters are all 1."""
    return re.sub(r"<\w+:\w+>", "1", route)


def operations() -> list[tuple[str, str, type[Any]]]:
    """List the methods of the API, each with a path and its view."""
    routes = [(filled_in(route), view) for route, view in api_views() if not route.endswith("/")]
    return [(name, path, view) for path, view in routes for name in METHODS if hasattr(view, name)]


PAGES = sorted(admin.site._registry.items(), key=lambda pair: pair[0]._meta.label)
BY_NAME = [pytest.param(*pair, id=pair[0].__name__) for pair in PAGES]


def url_of(model: type[Model], kind: str = "changelist", *args: Any) -> str:
    """Return the address of a page of the admin: of a model's list, unless told otherwise."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    """Call from `count` threads that start together; return results and exceptions."""
    barrier = threading.Barrier(count)
    outcomes: list[Any] = [None] * count

    def run(number: int) -> None:
        try:
            connection.ensure_connection()  # before the start: connecting would spread them out
            barrier.wait(timeout=30)
            outcomes[number] = call(number)
        except Exception as error:
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes
