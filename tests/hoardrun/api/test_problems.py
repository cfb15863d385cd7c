"""Every refused or failed request has an answer of one shape, and no traceback in the log."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.test import APIClient
from rest_framework.views import APIView

from hoardrun.ledger.errors import InsufficientFunds
from hoardrun.logs import SaidOnce
from realtime.sql.errors import StreamLocked
from tests.clients import api_as
from tests.hoardrun.tools import problem

TOKEN = "/api/v1/auth/token"
JSON = "application/json"


@pytest.fixture(autouse=True)
def _no_traceback(caplog):
    caplog.set_level(logging.DEBUG)
    yield
    assert [r for r in caplog.records if r.exc_info and r.name != "hoardrun.api.problems"] == []


NO_JSON = [
    *(b"{", b'{"username": "\xff"}', b"[" * 60_000, b'{"username": NaN}', b"\x00"),
    b'{"n": ' + b"9" * 5000 + b"}",
]


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: repr(body[:20]))
def test_it_refuses_what_is_not_json(db, body: bytes):
    problem(APIClient().post(TOKEN, body, content_type=JSON), 400, "parse_error")


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"null", b"7"])
def test_it_refuses_json_that_is_no_object(db, body: bytes):
    answer = APIClient().post(TOKEN, body, content_type=JSON)
    problem(answer, 400, "invalid_input", "non_field_errors")


def test_it_names_every_wrong_missing_and_surplus_field(db):
    data = {"username": "x" * 151, "password": ["secret"]}
    problem(APIClient().post(TOKEN, data), 400, "invalid_input", "username", "password")
    problem(APIClient().post(TOKEN, {}), 400, "invalid_input", "username", "password")
    surplus = {"username": "alice", "password": "x", "pasword": "x"}
    body = problem(APIClient().post(TOKEN, surplus), 400, "invalid_input", "pasword")
    assert "Unknown field" in body["errors"]["pasword"][0]


REFRESH = "/api/v1/auth/refresh"


@pytest.mark.parametrize(
    "body", [b'{"refresh": "a", "refresh": "b"}', b'{"refresh": {"a": 1, "a": 2}}']
)
def test_it_refuses_names_given_twice(db, body: bytes):
    answer = APIClient().post(REFRESH, body, content_type=JSON)
    assert "given twice" in problem(answer, 400, "parse_error")["detail"]


@pytest.mark.parametrize("flaw", [b"\\u0000", b"a\\ud800", b"\\udc00\\ud83d"])
def test_it_names_the_fields_that_hold_no_text(db, flaw: bytes):
    for body, field in (
        (b'{"refresh": "%s"}', "refresh"),
        (b'{"refresh": {"a": [1, "%s"]}}', "refresh"),
        (b'{"unknown": "%s"}', "unknown"),
        (b'["%s"]', "non_field_errors"),
        (b'{"%s": 1}', "non_field_errors"),
    ):
        answer = APIClient().post(REFRESH, body % flaw, content_type=JSON)
        problem(answer, 400, "invalid_input", field)


def test_a_small_body_gets_a_small_answer(db):
    body = json.dumps({f"k{number}": 1 for number in range(4500)})
    answer = APIClient().post(REFRESH, body, content_type=JSON)
    assert len(problem(answer, 400, "invalid_input")["errors"]) == 20
    assert len(answer.content) < 3000


def test_too_many_ids_are_refused_without_a_query(alice, django_assert_num_queries):
    def update(count: int) -> Any:
        body = {"notification_ids": [""] * count, "status": "read"}
        return api_as(alice).post("/api/v1/notifications/bulk-update", body)

    with django_assert_num_queries(0):
        answer = update(15_000)
    problem(answer, 400, "invalid_input", "notification_ids")
    assert len(answer.content) < 1000
    # A hundred may be: each is wrong.
    assert len(problem(update(100), 400, "invalid_input")["errors"]) == 20


@pytest.mark.parametrize("charset", ["hex", "rot13", "nonsense", "utf-16"])
def test_it_survives_any_charset(db, charset: str):
    problem(APIClient().post(TOKEN, b"{}", content_type=f"{JSON}; charset={charset}"), 400)


def test_it_refuses_other_media_types_and_methods(db):
    client = APIClient()
    problem(client.post(TOKEN, "a=1", content_type="text/plain"), 415, "unsupported_media_type")
    answer = client.get(TOKEN)
    problem(answer, 405, "method_not_allowed")
    assert "POST" in answer["Allow"]
    problem(client.get("/api/v1/quotes", HTTP_ACCEPT="image/png"), 406, "not_acceptable")


@pytest.mark.parametrize(
    "header", ["", "Bearer nonsense", "Bearer a b c", "Bearer \xff", "Basic x"]
)
def test_it_says_how_to_authenticate(db, header: str):
    answer = APIClient().get("/api/v1/auth/me", HTTP_AUTHORIZATION=header)
    problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/api/nothing", "/api/v1/nothing/", "/ws/nothing", "/ws/"])
def test_it_answers_paths_that_lead_nowhere(db, settings, path: str, debug: bool):
    settings.DEBUG = debug
    for answer in (Client().get(path), Client().post(path, b"{", content_type=JSON)):
        problem(answer, 404, "not_found")


def test_it_answers_people_with_a_page(db):
    answer = Client().get("/nothing")
    assert (answer.status_code, answer["Content-Type"][:9]) == (404, "text/html")


# -- what no endpoint of ours raises on purpose


class Raising(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request, name: str) -> None:
        raise ERRORS[name][0]


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret")


def down(request: HttpRequest) -> HttpResponse:
    raise OperationalError("no connection to secret")


def full(request: HttpRequest) -> HttpResponse:
    raise OperationalError("database or disk is full")


def locked(request: HttpRequest) -> HttpResponse:
    raise StreamLocked(("announcements",), 5.04, "Session 7 (secret).")


TOO_LITTLE = "insufficient_funds"
ERRORS: dict[str, tuple[Exception, int, str]] = {
    "domain": (InsufficientFunds(available="1", needed="2", currency="UGX"), 409, TOO_LITTLE),
    "model": (ValidationError({"title": "Too long."}), 400, "invalid_input"),
    "constraint": (IntegrityError("duplicate\nDETAIL: secret"), 409, "conflict"),
    "column": (DataError("out of range\nDETAIL: secret"), 400, "invalid_input"),
    "down": (OperationalError("no connection to secret"), 503, "unavailable"),
    "missing": (Http404("secret"), 404, "not_found"),
    "forbidden": (PermissionDenied("secret"), 403, "permission_denied"),
}
urlpatterns = [path("api/raise/<str:name>", Raising.as_view()), path("api/broken", broken)]
urlpatterns += [path("api/down", down), path("down", down), path("broken", broken)]
urlpatterns += [path("full", full), path("locked", locked), path("api/locked", locked)]
handler500 = "hoardrun.api.handlers.handler500"


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize("name", ERRORS)
def test_it_translates_what_is_raised_and_tells_no_secret(name: str, caplog):
    _, status, code = ERRORS[name]
    answer = Client().get(f"/api/raise/{name}")
    problem(answer, status, code)
    assert "secret" not in answer.content.decode()
    assert ("Retry-After" in answer) == (status == 503)


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(("asked", "status"), [("/broken", 500), ("/down", 503)])
def test_a_page_of_an_error_names_its_request(asked: str, status: int, caplog):
    answer = Client(raise_request_exception=False).get(asked)
    assert (answer.status_code, answer["Content-Type"][:9]) == (status, "text/html")
    assert f"Request {answer['X-Request-ID']}." in answer.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_it_keeps_what_a_domain_error_adds():
    body = Client().get("/api/raise/domain").json()
    assert (body["available"], body["needed"], body["title"]) == ("1", "2", "Insufficient funds")
    assert body["type"] == "urn:problem-type:hoardrun:insufficient_funds"


@override_settings(ROOT_URLCONF=__name__, DEBUG=False)
@pytest.mark.parametrize("asked", ["/api/down", "/down"])
async def test_an_outage_is_no_fault_of_ours_outside_the_api_either(asked: str, caplog):
    plain = Client(raise_request_exception=False)
    for found in (
        await sync_to_async(plain.get)(asked),
        await AsyncClient(raise_request_exception=False).get(asked),
    ):
        assert (found.status_code, found["Retry-After"]) == (503, "1")
        assert "secret" not in found.content.decode()
        assert found["Content-Type"].startswith("text/html") == (asked == "/down")
    # Django's own lines have the status by which the filter of the settings drops them.
    assert {r.status_code for r in caplog.records if r.name == "django.request"} == {503}
    assert not any(SaidOnce().filter(r) for r in caplog.records if r.name == "django.request")
    caplog.clear()


@override_settings(ROOT_URLCONF=__name__, DEBUG=False)
def test_it_says_to_people_and_programs_what_is_wrong_with_the_database(db, caplog):
    plain = Client(raise_request_exception=False)
    assert "disk is full" in plain.get("/full").content.decode()
    page = plain.get("/locked").content.decode()
    assert "has locked stream announcements: waited 5.0 s." in page and "Session 7" not in page
    body = problem(plain.get("/api/locked"), 503, "unavailable")
    assert (body["cause"], body["streams"]) == ("lock_timeout", ["announcements"])
    assert body["waited_seconds"] == 5.0 and "holder" not in body
    assert "Session 7" in caplog.text  # an operator reads who
    caplog.clear()


@override_settings(ROOT_URLCONF=__name__, DEBUG=False)
def test_it_answers_our_own_faults_without_details(caplog):
    answer = Client(raise_request_exception=False).get("/api/broken")
    problem(answer, 500, "internal")
    assert "secret" not in answer.content.decode()
    assert [r.name for r in caplog.records if r.exc_info] == ["django.request"]
    caplog.clear()
