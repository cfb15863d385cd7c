"""Pages beside the tables: who may open them, and where they are listed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import RequestFactory

from realtime.admin_bases import views
from tests.clients import staff_with


def hello(request: WSGIRequest, name: str = "all") -> HttpResponse:
    return HttpResponse(f"hello {name}")


LISTED = views.View("realtime", "hello", "hello/", "realtime.view_host", hello, title="Hello")
BELOW = views.View("realtime", "hello_one", "hello/<str:name>/", "realtime.view_host", hello)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(views, "_views", {})
    views.register(LISTED, BELOW, LISTED)
    yield


def asked_by(user: User) -> WSGIRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_it_is_listed_for_those_who_may_open_it(alice: User) -> None:
    assert list(views.listed(asked_by(staff_with(alice)), None)) == []
    request = asked_by(staff_with(alice, "view_host"))
    assert list(views.listed(request, None)) == list(views.listed(request, "realtime")) == [LISTED]
    assert list(views.listed(request, "notifications")) == []
    assert views.every() == (LISTED, BELOW)
