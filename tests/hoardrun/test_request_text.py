"""Bytes of a path, a query, a cookie or a form reach the database only as valid text."""

from __future__ import annotations

import encodings
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from tests.clients import api_as, browser_as
from tests.hoardrun.tools import problem

FORM = "application/x-www-form-urlencoded"
PAGES = ["/admin/login/", "/admin/auth/user/", "/api/v1/notifications", "/ws/connections", "/"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "anything"])
def test_a_cookie_with_nul_is_refused(db, page: str, name: str):
    answer = Client().get(page, HTTP_COOKIE=f'{name}="a\\000b"')
    assert answer.status_code == 400


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("query", ["q=%00", "%00=1", "username__exact=a%00b", "a=1&b=\x00"])
def test_a_query_with_nul_is_refused(support: Client, page: str, query: str):
    assert support.get(page, QUERY_STRING=query).status_code == 400


def test_a_percent_sign_before_zeros_is_text(charlie: User):
    assert api_as(charlie).get("/ws/connections?user_id=%2500").json()["code"] == "invalid_input"


@pytest.mark.parametrize(
    "path", ["/api/v1/accounts/%00", "/admin/%00/", "/static/%00", "/%00", "/ws/connections/%00"]
)
def test_a_path_with_nul_is_refused(support: Client, path: str):
    assert support.get(path).status_code == 400
    assert support.delete(path).status_code == 400


def test_programs_are_told_in_their_shape_and_people_on_a_page(db):
    body = problem(Client().get("/api/v1/quotes?symbols=%00"), 400, "bad_request")
    assert body["detail"].startswith("Query: ")
    assert Client().get("/admin/?q=%00")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("name", ["username", "next", "_selected_action", "a\x00"])
def test_a_form_with_nul_is_refused(support: Client, name: str):
    assert support.post("/admin/auth/user/", {name: "\x00"}).status_code == 400


KINDS = ["multipart/form-data; boundary=x", FORM, "text/plain"]
OTHERS = ["hex", "rot13", "utf-16", "utf-7", "latin-1", "nonsense"]


@pytest.mark.parametrize("page", ["/admin/login/", "/admin/auth/user/", "/nothing", "/ws/test"])
@pytest.mark.parametrize("charset", OTHERS)
def test_a_form_in_no_encoding_of_text_is_refused(charlie: User, page: str, charset: str):
    client = browser_as(charlie, enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    for kind in KINDS:
        answer = client.generic("POST", page, b"--x\r\n\r\na", f"{kind}; charset={charset}")
        assert (answer.status_code, b"UTF-8" in answer.content) == (400, True)


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", "UTF8", '"utf-8"', "us-ascii"])
def test_a_form_in_utf_8_is_read_for_each_spelling_of_its_charset(db, charset: str):
    User.objects.create_superuser("rené", password="a-pass-for-rené")
    form = urlencode({"username": "rené", "password": "a-pass-for-rené"})
    answer = Client().generic("POST", "/admin/login/", form, f"{FORM}; charset={charset}")
    assert answer.status_code == 302


@pytest.mark.parametrize("parameter", ["filename*", "filename* ", "name*0*", "x*"])
def test_python_keeps_no_name_of_a_charset_from_a_form(db, parameter: str):
    name = f"nonsense_{parameter.strip('* ').replace('*', '_')}"
    body = (
        f"--x\r\nContent-Disposition: form-data; name=\"a\"; {parameter}={name}''b\r\n\r\n"
        "text\r\n--x--\r\n"
    )
    answer = Client().generic("POST", "/admin/login/", body, "multipart/form-data; boundary=x")
    assert answer.status_code == 400
    assert name not in encodings._cache


def test_a_bad_host_is_refused_with_every_kind_of_form(db, settings):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["example.com"], True
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    answer = client.generic("POST", "/admin/login/", b"a=1", f"{FORM}; charset=latin-1")
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/accounts", "/nothing"])
def test_a_refusal_has_a_length_so_that_no_chunks_are_sent(db, path: str):
    answer = Client().get(f"{path}?a=%00")
    assert int(answer["Content-Length"]) == len(answer.content)


def test_a_page_of_another_origin_reads_why_it_is_refused(db, settings):
    settings.CORS_ALLOWED_ORIGINS = [origin := "https://app.example.com"]
    answer = Client().get("/api/v1/accounts?a=%00", HTTP_ORIGIN=origin)
    assert problem(answer, 400, "bad_request")
    assert answer["Access-Control-Allow-Origin"] == origin
    static = Client().get("/static/nothing.js", HTTP_ORIGIN=origin)
    assert "Access-Control-Allow-Origin" not in static


async def test_it_is_the_same_on_an_asynchronous_server():
    client = AsyncClient()
    assert (await client.get("/healthz?a=%00")).status_code == 400
    assert (await client.post("/admin/login/", {"username": "\x00"})).status_code == 400
    assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("action", ["change", "delete", "history"])
@pytest.mark.parametrize("number", ["9" * 19, "9" * 40])
def test_an_id_that_fits_no_column_is_no_fault(support: Client, action: str, number: str):
    # The key of a quote is that of another table, whose range Django does not look at.
    for page in ("market/quote", "auth/user", "ledger/transaction"):
        assert support.get(f"/admin/{page}/{number}/{action}/").status_code < 500


def test_an_id_in_the_admin_that_is_no_number_is_no_fault(support: Client):
    assert support.get("/admin/ledger/account/add/?user=abc").status_code < 500
    body = {"action": "delete_selected", "_selected_action": "abc"}
    assert support.post("/admin/notifications/notification/", body).status_code < 500


@pytest.mark.parametrize("path", ["/admin/login/", "/", "/healthz", "/readyz", "/ws/test"])
@pytest.mark.parametrize("part", ["x*=a; x*0=b", "x*0*=utf-8''a; x*=b"])
def test_a_part_of_a_form_that_no_parser_reads_is_no_fault(db, path: str, part: str):
    head = f'Content-Disposition: form-data; name="a"; {part}'
    client = Client(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32  # without it Django reads no form
    answer = client.post(
        path, f"--x\r\n{head}\r\n\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x"
    )
    assert answer.status_code < 500
