"""Requests over HTTP whose bytes no client of good will would send."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from realtime.core.handshake import PARAMETERS
from tests.hoardrun.tools import views

METHODS = ["GET"] * 6 + ["POST"] * 5 + ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
# As they stand in a path or a query: percent-encoded, and without what would end the line.
VALUES = [
    "", "0", "1", "2", "-1", "1.5", "abc", "%00", "a%00b", "%ff", "%ed%a0%80", "%c3%28", "%", "%zz",
    "%F0%9F%92%B8", "%E2%80%AE", "%D9%A1", "..", "%2e%2e%2f", "%2f", "%25", "%0d%0a", "+",
    "a" * 300, "9" * 19, "9" * 40, "9" * 5000, "1e400", "NaN", "Infinity", "true", "null", "[]",
    "{}", "''", "2026-01-01", "2026-13-45", "0000-00-00", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00%2B23:59", "99999-01-01", "all", "user:1", "user:1,user:1", "cD1hYmM=",
    "bz0tMQ==", "cD0lMDA=", "-1.-2.-3", "a,b,c", "1__isnull", "id__exact", "%5Cx00", "\\\\",
    "<script>", "%3Cscript%3E",
]  # fmt: skip
NAMES = [
    "cursor", "page_size", "skip", "limit", "status", "type", "priority", "unread_only", "account",
    "direction", "currency", "from", "to", "symbol", "symbols", "user_id", "room", "reconnect",
    "format", "script", "q", "o", "p", "e", "all", "_popup", "_to_field", "_changelist_filters",
    "next", "id", "id__exact", "id__in", "id__isnull", "id__gte", "username__exact",
    "username__regex", "username", "is_staff__exact", "groups__id__exact", "created_at__year",
    "created_at__month", "created_at__day", "created_at__gte", "created_at__date",
    "created_at__range", "action_time__gte", "user__id__exact", "user", "account__id__exact",
    "status__exact", "app_label", "model_name", "field_name", "term", *PARAMETERS, "%00", "%ff", "",
    "a[]", "x" * 300,
]  # fmt: skip
HEADERS = [
    "accept", "accept-language", "accept-encoding", "content-type", "cookie", "origin", "referer",
    "idempotency-key", "if-none-match", "if-match", "if-modified-since", "if-range", "range",
    "host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id",
    "x-csrftoken", "x-requested-with", "x-http-method-override", "access-control-request-method",
    "authorization", "sec-fetch-site", "te", "content-encoding", "expect", "forwarded",
    "user-agent", "dnt",
]  # fmt: skip
TEXTS: list[bytes] = [
    b"", b" ", b"*/*", b"\xff", b"\xed\xa0\x80", b"a" * 3000, b"text/html",
    b"application/json; q=x", b"application/json; charset=hex",
    b"multipart/form-data; boundary=x; charset=rot13", b"multipart/form-data; boundary=\xff",
    b"multipart/form-data", b"application/json;charset=utf-16",
    b"application/x-www-form-urlencoded; charset=nonsense", b"application/json; indent=99999999",
    b"text/plain;" + b"a=b;" * 200, b"bytes=0-", b"bytes=-1", b"bytes=9-1,2-3,\xff", b"W/\"x\"",
    b"*", b"Wed, 99 Foo 99999 25:61:61 GMT", b"Wed, 21 Oct 99999 07:28:00 GMT", b"Bearer",
    b"Bearer \xff", b"Bearer a.b.c", b"Bearer " + b"e30." * 3, b"Basic \xff\xff", b"http://[",
    b"https://[::1", b"null", b"http://a:99999999", b"http://\xff", b"://", b"k,k", b"en;q=\xff",
    b"sessionid=\"\\000\"", b"sessionid=\"\\303\\277\"; csrftoken=\"\\000\"",
    b"csrftoken=" + b"a" * 64, b"messages=\"\\000\"", b"sessionid=; sessionid", b"=", b";;;=",
    b"1.2.3.4, \xff", b"%00", b"https", b"gzip", b"100-continue", b"[", b"[::1]:x", b"a\xffb",
    b"localhost:99999999", b"GET", b"9" * 5000, b"a/b;x*=nope''y", b"a/b;x*=idna''%ff",
    b"a/b;x*=utf-8''a;x*0=b", b"a/b;x*0*=\x00''%",
]  # fmt: skip
FIELDS = [
    "username", "password", "refresh", "notification_ids", "status", "title", "message", "metadata",
    "user_id", "account_id", "type", "direction", "amount", "currency", "idempotency_key", "action",
    "reason", "room", "symbol", "price", "scheduled_at", "expires_at", "channels", "id", "severity",
    "ends_at", "available_balance", "current_balance", "created_at", "description", "priority",
]  # fmt: skip
JSON_VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 2**63, 10**30, 1e308, "", "1", "\x00", "a\x00", "\ud800", "x" * 5000,
    [], {}, [[]], [None], ["1"] * 101, ["\x00"], {"a": "\ud800"}, {"\x00": 1},
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-13-45", "NaN", "1e400", "12.5",
    "in_app", "read", "payment", "outbound", "KES", "cancel", "market_data", "BTC-USD",
    {"a": {"b": {"c": []}}}, "all",
]  # fmt: skip
BODIES: list[bytes] = [
    b"", b"{", b"null", b"[]", b'"x"', b"\xff", b"\x00", b"[" * 5000, b"{}" * 10, b'{"a": NaN}',
    b'{"a": 1e999}', b'{"a": ' + b"9" * 5000 + b"}", b'{"status": "read", "status": "x"}',
    b'{"username": "\\ud800", "password": "\\u0000"}', b'\xef\xbb\xbf{}', b"{}\x00",
    b"username=%00&password=%ff", b"username=\xff", b"a=1&" * 300, b"--x\r\n\r\n--x--", b"--x",
    b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\x00\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="a"; filename="\x00"\r\n\r\n\r\n--x--\r\n',
]  # fmt: skip
ACTIONS = ["delete_selected", "approve", "mark_as_read", "publish", "nothing", "\x00", ""]


class Request(NamedTuple):
    """One request; its path is percent-encoded."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def __str__(self) -> str:
        headers = b" ".join(name + b":" + value[:60] for name, value in self.headers)
        return (
            f"{self.method} {self.path[:200]}?{self.query[:200]!r} {headers!r} {self.body[:200]!r}"
        )


def routes() -> list[str]:
    """List the templates of all paths, such as `/api/v1/accounts/{}`; the admin's as well."""
    return sorted({path for route, _ in views() if "/__" not in (path := _template(route))})


def _template(route: str) -> str:
    text = re.sub(r"<[^>]+>", "{}", route).replace("^", "")
    text = re.sub(r"\(\?.*", "{}", text).replace("$", "")
    return text.removesuffix("?").replace("/?", "").replace("\\", "")


def request(random: Random, paths: Sequence[str]) -> Request:
    """Make one; about half of its parts are what a view expects."""
    path = random.choice(paths)
    while "{}" in path:
        path = path.replace("{}", random.choice(VALUES if random.random() < 0.6 else ["1"]), 1)
    if random.random() < 0.05:
        path += random.choice(VALUES)
    body, kind = _body(random)
    headers = [(b"content-type", kind)] if kind else []
    for _ in range(random.choice([0, 0, 1, 1, 3])):
        headers.append((random.choice(HEADERS).encode(), random.choice(TEXTS)))
    return Request(
        random.choice(METHODS), re.sub(r"[ \r\n]", "", path), _query(random), tuple(headers), body
    )


def _query(random: Random) -> bytes:
    match random.randrange(5):
        case 0:
            return b""
        case 1:
            raw = bytes(random.choice(b"&=%;+a0") for _ in range(random.randrange(40)))
            return raw if random.random() < 0.5 else raw + b"%00"
        case _:
            pairs = [
                f"{random.choice(NAMES)}={random.choice(VALUES)}"
                for _ in range(random.choice([1, 1, 2, 4]))
            ]
            return "&".join(pairs).encode().replace(b" ", b"+")


def _body(random: Random) -> tuple[bytes, bytes]:
    match random.randrange(4):
        case 0:
            return random.choice(BODIES), random.choice(
                [b"application/json", b"application/x-www-form-urlencoded",
                 b"multipart/form-data; boundary=x", b"text/plain", b""]
            )  # fmt: skip
        case 1:
            pairs = [
                f"{random.choice([*NAMES, *FIELDS, '_selected_action'])}={random.choice(VALUES)}"
                for _ in range(random.randrange(6))
            ]
            pairs.append(
                f"action={random.choice(ACTIONS)}&_selected_action={random.choice(VALUES)}"
            )
            return "&".join(pairs).encode(), b"application/x-www-form-urlencoded"
        case _:
            names = random.sample(FIELDS, random.randrange(8))
            value = {name: random.choice(JSON_VALUES) for name in names}
            return json.dumps(value).encode(), b"application/json"
