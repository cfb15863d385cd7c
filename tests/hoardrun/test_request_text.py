"""No byte of a path, a query, a cookie or a form reaches the database as what is not text."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

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
def test_a_query_with_nul_is_refused(charlie: User, page: str, query: str):
    client = Client()
    client.force_login(charlie)
    assert client.get(page, QUERY_STRING=query).status_code == 400


def test_a_percent_sign_before_zeros_is_text(charlie: User, login):
    assert login(charlie).get("/ws/connections?user_id=%2500").json()["code"] == "invalid_input"


@pytest.mark.parametrize(
    "path", ["/api/v1/accounts/%00", "/admin/%00/", "/static/%00", "/%00", "/ws/connections/%00"]
)
def test_a_path_with_nul_is_refused(charlie: User, path: str):
    client = Client()
    client.force_login(charlie)
    assert client.get(path).status_code == 400
    assert client.delete(path).status_code == 400


def test_programs_are_told_in_their_shape_and_people_on_a_page(db):
    body = problem(Client().get("/api/v1/quotes?symbols=%00"), 400, "bad_request")
    assert body["detail"].startswith("Query: ")
    assert Client().get("/admin/?q=%00")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("name", ["username", "next", "_selected_action", "a\x00"])
def test_a_form_with_nul_is_refused(charlie: User, name: str):
    client = Client()
    client.force_login(charlie)
    assert client.post("/admin/auth/user/", {name: "\x00"}).status_code == 400


@pytest.mark.parametrize("charset", ["hex", "rot13", "utf-16", "nonsense"])
def test_a_form_in_no_encoding_of_text_is_refused(charlie: User, charset: str):
    client = Client()
    client.force_login(charlie)
    for kind in ("multipart/form-data; boundary=x", FORM, "text/plain"):
        answer = client.generic(
            "POST", "/admin/auth/user/", b"--x\r\n\r\na", f"{kind}; charset={charset}"
        )
        assert answer.status_code == 400 if charset != "nonsense" else answer.status_code < 500


async def test_it_is_the_same_on_an_asynchronous_server():
    client = AsyncClient()
    assert (await client.get("/healthz?a=%00")).status_code == 400
    assert (await client.post("/admin/login/", {"username": "\x00"})).status_code == 400
    assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("action", ["change", "delete", "history"])
@pytest.mark.parametrize("number", ["9" * 19, "9" * 40])
def test_an_id_that_fits_no_column_is_no_fault(charlie: User, action: str, number: str):
    client = Client()
    client.force_login(charlie)
    # The key of a quote is that of another table, whose range Django does not look at.
    for page in ("market/quote", "auth/user", "ledger/transaction"):
        assert client.get(f"/admin/{page}/{number}/{action}/").status_code < 500


def test_an_id_in_the_admin_that_is_no_number_is_no_fault(charlie: User):
    client = Client()
    client.force_login(charlie)
    assert client.get("/admin/ledger/account/add/?user=abc").status_code < 500
    body = {"action": "delete_selected", "_selected_action": "abc"}
    assert client.post("/admin/notifications/notification/", body).status_code < 500
