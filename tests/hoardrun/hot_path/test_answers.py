"""Probes and hot reads are answered before Django, with the same answers."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from hoardrun import hot_path
from hoardrun.hot_path import HotPath
from hoardrun.ledger.models import Account
from hoardrun.log_lines import Lines
from hoardrun.market import simulator
from realtime import log_context
from realtime.log_context import Work
from tests.hoardrun.hot_path.asking import READS, Left, ask_django, ask_hot, bearer, comparable
from tests.services.asgi import Headers


@pytest.mark.parametrize("address", READS)
def test_each_hot_read_is_answered_before_django_and_as_by_django(
    hot: HotPath, alice: User, monkeypatch: pytest.MonkeyPatch, address: str
):
    monkeypatch.setattr(simulator, "tick_of", lambda moment: 1_000_000)  # prices stand still
    account = Account.objects.filter(user=alice).earliest("id")
    address, headers = address.replace("{account}", str(account.pk)), bearer(alice)
    found, wanted = ask_hot(hot, "GET", address, headers), ask_django("GET", address, headers)
    assert comparable(found) == comparable(wanted)
    assert len(found.text.encode()) == int(found.headers["content-length"])
    assert found.json()
    again = ask_hot(hot, "GET", address, headers)
    assert comparable(again) == comparable(found)


@pytest.mark.parametrize(
    "more",
    [
        [(b"origin", b"https://app.example.com")],
        [(b"origin", b"https://evil.example.com")],
        [(b"cookie", b"theme=dark; _ga=GA1.2")],
        [(b"accept", b"application/json, text/plain, */*"), (b"content-type", b"application/json")],
    ],
)
def test_pages_of_other_origins_and_browsers_get_the_same_headers(
    hot: HotPath, alice: User, settings: Any, more: Headers
):
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    headers = [*bearer(alice), *more]
    found = ask_hot(hot, "GET", "/api/v1/accounts", headers)
    assert comparable(found) == comparable(ask_django("GET", "/api/v1/accounts", headers))
    assert ("access-control-allow-origin" in found.headers) == (
        more[0][1].endswith(b"app.example.com")
    )


def test_a_request_keeps_its_id_and_gets_one_if_it_has_none(hot: HotPath, alice: User):
    headers = bearer(alice)
    given = ask_hot(hot, "GET", "/api/v1/quotes", [*headers, (b"x-request-id", b"id-1")])
    assert given.headers["x-request-id"] == "id-1"
    made = {ask_hot(hot, "GET", "/healthz", []).headers["x-request-id"] for _ in range(2)}
    assert len(made) == 2


def test_a_probe_may_come_with_what_a_browser_sends(hot: HotPath):
    headers = [(b"accept", b"text/html,*/*;q=0.8"), (b"content-type", b"text/plain")]
    found = ask_hot(hot, "GET", "/healthz", headers)
    assert comparable(found) == comparable(ask_django("GET", "/healthz", headers))
    assert ask_hot(hot, "GET", "/healthz", [(b"cookie", b"sessionid=none")]).status == 200
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/healthz", [(b"content-length", b"2")])


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "text/html, application/json", "application/*"]
)
def test_a_client_that_takes_json_gets_it(hot: HotPath, alice: User, accept: str):
    headers = [*bearer(alice), (b"accept", accept.encode())]
    found = ask_hot(hot, "GET", "/api/v1/accounts", headers)
    assert comparable(found) == comparable(ask_django("GET", "/api/v1/accounts", headers))


def test_a_fault_is_logged_with_the_id_of_its_request(
    hot: HotPath, alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(hot_path, "is_login_valid", None)
    caplog.handler.setFormatter(Lines())
    token = log_context.work.set(Work("id-2"))
    try:
        with pytest.raises(Left):
            ask_hot(hot, "GET", "/api/v1/accounts", bearer(alice))
    finally:
        log_context.work.reset(token)
    assert "/api/v1/accounts: Django is asked instead request=id-2" in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/healthz/", "/readyz", "/readyz/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_probes_are_answered_before_django_and_as_by_django(
    hot: HotPath, transactional_db: None, path: str, method: str
):
    headers = [(b"user-agent", b"kube-probe/1.30"), (b"accept", b"*/*")]
    found = ask_hot(hot, method, path, headers)
    wanted = ask_django("GET", path, headers)
    assert comparable(found) == comparable(wanted)
    assert found.headers["cache-control"] == "no-store"
    with pytest.raises(Left):
        ask_hot(hot, "POST", path, headers)
