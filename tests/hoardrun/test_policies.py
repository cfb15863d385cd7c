"""No answer is stored or may run foreign scripts; static files are public."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import Client, RequestFactory
from django.urls import path

from hoardrun import policies
from hoardrun.policies import OF_DATA, OF_PAGES, POLICY
from hoardrun.urls import urlpatterns as of_the_project
from tests.hoardrun.tools import views

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def directives(answer: Any) -> dict[str, list[str]]:
    """Read an answer's policy."""
    parts = [part.split() for part in answer[POLICY].split(";")]
    return {name: values for name, *values in parts}


def paths() -> list[str]:
    """List the paths of the project that take no argument."""
    texts = [re.sub(r"[\^$\\]|/\?$|\(\?:.*", "", route).rstrip("?") for route, _ in views()]
    return sorted({text for text in texts if "<" not in text and "(" not in text})


def test_every_path_lets_nothing_be_stored_and_nothing_run_but_its_own_files(staff: Client) -> None:
    asked = paths()
    assert {"/admin/", "/admin/login/", "/api/v1/snapshot", "/ws/stats", "/api/docs"} <= set(
        asked
    ), asked
    assert len(asked) > 60
    for each in asked:
        answer = staff.get(each)
        stored = answer.get("Cache-Control", "")
        assert "no-store" in stored or each.startswith("/api/schema"), (each, stored)
        policy = directives(answer)
        assert policy["default-src"] == ["'none'"], each
        assert policy["frame-ancestors"] == ["'none'"], each
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & set(
            policy.get("script-src", [])
        ), each


def test_personal_answers_are_not_cached_even_when_refused() -> None:
    for each in ("/api/v1/auth/me", "/api/v1/snapshot", "/api/nothing", "/nothing", "/admin/"):
        answer = Client().get(each)
        assert "no-store" in answer["Cache-Control"]
    answer = Client().post("/api/v1/auth/token", {"username": "a", "password": "b"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "policy"),
    [("/admin/login/", OF_PAGES), ("/nothing", OF_PAGES), ("/api/schema", OF_DATA)],
)
def test_pages_run_their_own_files_and_data_runs_nothing(asked: str, policy: str) -> None:
    assert Client().get(asked)[POLICY] == policy


def fails(request: Any) -> HttpResponse:
    raise RuntimeError("a fault")


urlpatterns = [path("fails", fails), *of_the_project]


@pytest.mark.parametrize("debug", [True, False])
def test_error_pages_have_the_policy_too_but_not_djangos_own_for_developers(
    settings: Any, debug: bool
) -> None:
    settings.ROOT_URLCONF, settings.DEBUG = __name__, debug
    client = Client(raise_request_exception=False)
    for asked, status in (("/fails", 500), ("/nothing", 404)):
        answer = client.get(asked)
        assert answer.status_code == status
        assert (POLICY in answer) is not debug
    refused = Client(enforce_csrf_checks=True).post("/admin/login/")
    assert refused.status_code == 403
    assert (POLICY in refused) is not debug


def test_static_files_keep_their_own_headers() -> None:
    answer = policies.add_policies(lambda _: HttpResponse("text", content_type="text/javascript"))(
        RequestFactory().get("/static/realtime/worker.js")
    )
    assert POLICY not in answer  # a worker has the policy that it comes with
    assert "Cache-Control" not in answer
    missing = Client().get("/static/nothing.js")
    assert (missing.status_code, missing[POLICY]) == (404, OF_PAGES)


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("name", ["nothing.js", "", "realtime", "a/../b.js", "x" * 300])
def test_a_static_file_that_is_missing_is_not_found(settings: Any, debug: bool, name: str) -> None:
    settings.DEBUG = debug
    assert Client().get(f"/static/{name}").status_code == 404


def test_the_console_has_no_script_within_it(settings: Any) -> None:
    settings.DEBUG = True
    html = Client().get("/ws/test").content.decode()
    inline = re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", html)
    assert inline == []
    assert not re.search(r"<[^>]+\s(?:style|on[a-z]+)=", html)


def test_a_login_that_does_not_say_where_to_leads_to_the_admin() -> None:
    User.objects.create_superuser("root", password="a-pass-for-root")
    form = {"username": "root", "password": "a-pass-for-root"}
    answer = Client().post("/admin/login/", form, follow=True)
    assert answer.redirect_chain == [("/admin/", 302)]
    assert answer.status_code == 200
    assert Client().get(resolve_url(django_settings.LOGIN_URL)).status_code == 200
