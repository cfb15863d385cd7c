"""Requests that are not plain are left to Django, which answers them by all its rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.permissions import IsAdminUser

from hoardrun.api.throttles import TicketThrottle
from hoardrun.hot_path import HotPath
from hoardrun.ledger.views import AccountListView
from tests.hoardrun.hot_path.asking import Left, ask_hot, bearer
from tests.hoardrun.hot_path.conftest import leave
from tests.services.asgi import Headers

LEFT: dict[str, tuple[str, str, Headers]] = {
    "another method": ("POST", "/api/v1/notifications", []),
    "head": ("HEAD", "/api/v1/accounts", []),
    "a path of Django's": ("GET", "/api/v1/announcements", []),
    "an unknown parameter": ("GET", "/api/v1/accounts?user_id=1", []),
    "a parameter twice": ("GET", "/api/v1/notifications?limit=1&limit=2", []),
    "a wrong value": ("GET", "/api/v1/notifications?limit=0", []),
    "pages by cursor": ("GET", "/api/v1/notifications?cursor=", []),
    "the total": ("GET", "/api/v1/notifications?total=true", []),
    "an unknown symbol": ("GET", "/api/v1/quotes?symbols=NONE", []),
    "another format": ("GET", "/api/v1/accounts", [(b"accept", b"text/html")]),
    "a longer name": ("GET", "/api/v1/accounts", [(b"accept", b"application/jsonx")]),
    "a part of a name": ("GET", "/api/v1/accounts", [(b"accept", b"x*/*")]),
    "a quality": ("GET", "/api/v1/accounts", [(b"accept", b"text/html, */*;q=0.1")]),
    "a second host": ("GET", "/api/v1/accounts", [(b"host", b"testserver")]),
    "a body": ("GET", "/api/v1/accounts", [(b"content-length", b"2")]),
    "a body in chunks": ("GET", "/api/v1/accounts", [(b"transfer-encoding", b"chunked")]),
    "a form": ("GET", "/api/v1/accounts", [(b"content-type", b"text/plain; charset=latin-1")]),
    "an odd cookie": ("GET", "/api/v1/accounts", [(b"cookie", b'a="\\000"')]),
    "a broken CSRF token": ("GET", "/api/v1/accounts", [(b"cookie", b"csrftoken=short")]),
    "a session": ("GET", "/api/v1/accounts", [(b"cookie", b"sessionid=none")]),
    "large headers": ("GET", "/api/v1/accounts", [(b"x-large", b"x" * 40_000)]),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_is_not_plain_is_left_to_django(hot: HotPath, alice: User, what: str):
    method, address, more = LEFT[what]
    with pytest.raises(Left):
        ask_hot(hot, method, address, [*bearer(alice), *more])


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("permission_classes", [IsAdminUser]),
        ("authentication_classes", []),
        ("own_throttles", (TicketThrottle,)),
    ],
)
def test_a_view_with_rules_of_its_own_is_left_to_django(
    hot: HotPath, alice: User, monkeypatch: pytest.MonkeyPatch, rule: str, value: Any
):
    monkeypatch.setattr(AccountListView, rule, value)
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/accounts", bearer(alice))


def test_a_host_that_is_not_ours_and_plain_http_are_left_to_django(
    hot: HotPath, alice: User, settings: Any
):
    settings.ALLOWED_HOSTS = ["api.example.com"]
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/accounts", bearer(alice))
    assert ask_hot(hot, "GET", "/healthz", []).status == 200  # a probe calls by address
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = True
    redirecting = HotPath(leave)
    with pytest.raises(Left):
        ask_hot(redirecting, "GET", "/api/v1/accounts", bearer(alice))
    assert ask_hot(redirecting, "GET", "/healthz", []).status == 200
    redirecting.close()
