"""Where paths lead, with and without a trailing slash."""

from __future__ import annotations

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.hoardrun.tools import problem

READABLE = [
    "/healthz",
    "/api/schema",
    "/api/docs",
    "/api/v1/auth/me",
    "/api/v1/snapshot",
    "/api/v1/accounts",
    "/api/v1/transactions",
    "/api/v1/notifications",
    "/api/v1/notifications/summary",
    "/api/v1/announcements",
    "/api/v1/instruments",
    "/api/v1/quotes",
    "/api/v1/market-data",
    "/ws/schema",
    "/ws/stats",
]


@pytest.mark.parametrize("path", READABLE)
def test_it_serves_a_path_with_and_without_a_slash(support: Client, path: str):
    assert support.get(path).status_code == 200
    assert support.get(f"{path}/").status_code == 200


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
