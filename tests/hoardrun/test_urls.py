"""The targets of paths, with and without a trailing slash."""

from __future__ import annotations

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import resolve

from tests.hoardrun.tools import operations, problem

READABLE = ["/healthz", *(path for method, path, _ in operations() if method == "get")]


@pytest.mark.parametrize("path", READABLE)
def test_it_serves_a_path_with_and_without_a_slash(support: Client, path: str):
    for each in (path, f"{path}/"):
        answer = support.get(each)
        # There is no row 1, and no key of web push where that is off.
        of_row_1 = ("/1", "/1/candles", "/1/trace", "/1/fallback", "/1/steps", "/1/why")
        if path.endswith((*of_row_1, "/push/key")) or "/1/statement" in path:
            assert problem(answer, 404) and hasattr(resolve(each).func, "cls")
        elif path in {"/api/v1/users", "/api/v1/users/status"}:
            needed = "ids" if path.endswith("/status") else "name"
            problem(answer, 400, "invalid_input", needed)
        else:
            assert answer.status_code == 200


@pytest.mark.parametrize(
    ("debug", "console", "place"),
    [(True, True, "/ws/test"), (True, False, "/api/docs"), (False, True, "/api/docs")],
)
def test_it_leads_from_home_to_what_everybody_may_see(
    settings, db, debug: bool, console: bool, place: str
):
    settings.DEBUG, settings.CONSOLE_ENABLED = debug, console
    answer = Client().get("/")
    assert (answer.status_code, answer["Location"]) == (302, place)
    assert Client().get(place).status_code == 200


def test_the_admin_is_called_by_our_name(support: Client):
    assert "hoardrun" in support.get("/admin/").content.decode()


@pytest.mark.parametrize("path", ["/ws/notifications", "/ws/notifications/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_plain_http_where_the_socket_is_says_so(path: str, method: str):
    answer = getattr(Client(enforce_csrf_checks=True), method)(path)
    body = problem(answer, 426, "upgrade_required")
    assert body["title"] == "Upgrade Required"
    assert "ws://" in body["detail"]
    assert answer["Upgrade"] == "websocket"


def test_pages_that_name_no_icon_get_ours():
    place = Client().get("/favicon.ico")["Location"]
    assert place == "/static/realtime/console/icon.svg"
    assert finders.find(place.removeprefix("/static/"))
