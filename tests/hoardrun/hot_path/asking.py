"""Ask the hot path alone, or all of Django, and compare the answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User

from hoardrun.api.tokens import login_create
from hoardrun.hot_path import HotPath
from tests.services.asgi import Headers, ask, talk
from tests.services.web import Answer

READS = [
    "/api/v1/auth/me",
    "/api/v1/accounts",
    "/api/v1/notifications",
    "/api/v1/notifications/",
    "/api/v1/notifications?limit=2&skip=1",
    "/api/v1/notifications?unread_only=true&type=system&limit=1",
    "/api/v1/notifications/summary",
    "/api/v1/transactions?limit=2&skip=0",
    "/api/v1/transactions?from=2020-01-01&direction=outbound&account={account}",
    "/api/v1/quotes",
    "/api/v1/quotes?symbols=BTC-USD,AAPL",
    "/api/v1/quotes?type=crypto",
    "/api/v1/snapshot",
]
USER = """
from django.contrib.auth.models import User

User.objects.create_user("alice", password="alice-pass")
"""


class Left(Exception):
    """A request was left to Django."""


def ask_hot(hot: HotPath, method: str, address: str, headers: Headers) -> Answer:
    """Ask without Django. Raises Left for what is left to it."""
    parts = urlsplit(address)
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(b"host", b"testserver"), *headers],
    }
    start, body = async_to_sync(talk)(hot, scope)
    named = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], named, body["body"].decode())


def ask_django(method: str, address: str, headers: Headers) -> Answer:
    parts = urlsplit(address)
    return ask(method, parts.path, parts.query.encode(), headers)


def bearer(user: User) -> Headers:
    return [(b"authorization", b"Bearer " + login_create(user=user).access.encode())]


def comparable(answer: Answer) -> tuple[int, dict[str, str], Any]:
    """Leave out what differs between two answers of Django as well."""
    body = answer.json()
    for each in body if isinstance(body, list) else [body]:
        if isinstance(each, dict):
            each.pop("timestamp", None)
    own = {"x-request-id", "content-length"}
    return answer.status, {k: v for k, v in answer.headers.items() if k not in own}, body
