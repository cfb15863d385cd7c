"""Twilio's signature behind the proxies of `deploy/proxies`, which end TLS and take a prefix away.

What a node sees is plain HTTP on another host, port and path than the one that was signed.
"""

from __future__ import annotations

import http.client
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from notifications.hooks import tokens
from notifications.hooks.twilio import signature
from tests.notifications.hooks.support import FORM, TWILIO_KEY
from tests.services.balancer import HOST, KINDS, Balancer
from tests.services.ports import free_port
from tests.services.server import Server

pytestmark = [pytest.mark.servers, pytest.mark.operation]

PREFIX, DELIVERY = "/bank", 17
PREPARE = f"""
from django.contrib.auth.models import User
from tests.notifications.hooks.support import delivery
delivery(User.objects.create(id=1, username="alice"), id={DELIVERY}, provider="twilio")
"""
FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "81",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-For": "127.0.0.1",
    "Forwarded": "host=evil.example;proto=http",
    "X-Original-URL": "/evil",
    "X-Rewrite-URL": "/evil",
}


@pytest.fixture(scope="module", params=KINDS)
def there(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A node behind a proxy, on a port of its own and below a prefix: what customers reach."""
    port = free_port()
    base = f"https://{HOST}:{port}{PREFIX}"
    env = {
        "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXIES": "127.0.0.1",
        "BEHIND_TLS_PROXY": "1",
        "SECURE_SSL_REDIRECT": "1",
        "PUBLIC_BASE_URL": base,
        "TWILIO_AUTH_TOKEN": TWILIO_KEY,
    }
    with (
        Server(env=env, prepare=PREPARE) as node,
        Balancer(request.param, [node.port], port=port, prefix=PREFIX) as proxy,
    ):
        yield SimpleNamespace(node=node, proxy=proxy, base=base)


@pytest.fixture
def url(there: Any, settings: Any) -> str:
    """What Twilio was told to report to, with a query."""
    settings.CHANNELS = {"PUBLIC_BASE_URL": there.base}
    return tokens.callback_url("twilio", DELIVERY) + "?a=b&c=d%20e"


@pytest.fixture
def report(there: Any, url: str) -> Callable[..., int]:
    """Report a status through the proxy, signed for a URL; returns the answer's status."""

    def send(status: str, signed: str, **headers: str) -> int:
        asked = urlsplit(url)
        body = urlencode({"MessageSid": "SM1", "MessageStatus": status})
        proof = signature(TWILIO_KEY, signed, body.encode()).decode()
        headers |= {"Host": asked.netloc, "Content-Type": FORM, "X-Twilio-Signature": proof}
        connection = http.client.HTTPSConnection(
            "127.0.0.1", there.proxy.port, timeout=20, context=there.proxy.context()
        )
        with closing(connection):
            connection.request("POST", f"{asked.path}?{asked.query}", body, headers)
            with connection.getresponse() as answer:
                return answer.status

    return send


def heard(node: Server) -> set[str]:
    """Return the facts that are kept of the delivery."""
    with closing(sqlite3.connect(f"file:{node.folder}/db.sqlite3?mode=ro", uri=True)) as database:
        return {fact for (fact,) in database.execute("SELECT fact FROM notifications_receipt")}


@pytest.mark.reported(number=19)
def test_a_signature_of_the_public_url_is_right_whatever_else_is_claimed(
    there: Any, url: str, report: Callable[..., int]
) -> None:
    assert report("sent", url) == 200
    assert report("delivered", url, **FORGED) == 200
    assert "delivered" in heard(there.node)


@pytest.mark.reported(number=19)
def test_a_signature_of_any_other_url_is_wrong_whatever_else_is_claimed(
    there: Any, url: str, report: Callable[..., int]
) -> None:
    path = url.removeprefix(there.base)
    others = (
        url.replace("https:", "http:"),  # as a node sees it
        f"{there.node.url}{path}",
        f"https://{HOST}{path}",
        url.replace(PREFIX, "", 1),
        url.partition("?")[0],
        f"http://evil.example:81/evil{path}",
        "http://evil.example:81/evil",
        f"https://evil.example{PREFIX}{path}",
    )
    before = heard(there.node)
    for other in others:
        for headers in ({}, FORGED):
            assert report("undelivered", other, **headers) == 403, other
    assert heard(there.node) == before
