"""Probes and hot reads are answered before Django, and nobody can tell by the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import OperationalError
from rest_framework.permissions import IsAdminUser
from rest_framework.settings import api_settings

from hoardrun import hot_path
from hoardrun.api.throttles import Counter, TicketThrottle
from hoardrun.api.tokens import login_create, login_end
from hoardrun.hot_path import HotPath
from hoardrun.hot_threads import MAX_THREADS
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open, transaction_create
from hoardrun.ledger.views import AccountListView
from hoardrun.market import simulator
from hoardrun.market.services import instruments_ensure
from notifications.services import announcement_create, announcement_publish, notification_create
from tests.services.asgi import Headers, ask, talk
from tests.services.postgres import Postgres
from tests.services.server import Server
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


def fill() -> User:
    """Make a customer with a little of everything that is written in an odd way."""
    alice = User.objects.create_user(
        "alice", "alice@example.com", "alice-pass", first_name="Ålice", last_name="Ba"
    )
    for currency in ("KES", "UGX"):
        account = account_open(user_id=alice.pk, currency=currency, opening_balance="1000")
        for amount in ("1", "20"):
            transaction_create(
                account_id=account.pk, type="payment", direction="outbound", amount=amount
            )
    odd: dict[str, Any] = {"a": [1.5, None, True, {"b": 2**53 - 1}], "c": "\u2028 <é> \U0001f600"}
    for number in range(4):
        notification_create(
            user_id=alice.pk, title=f"Number {number}", message="\u2029 'x' \"y\" \\", metadata=odd
        )
    announcement = announcement_create(author_id=alice.pk, title="Tonight", message="Away.")
    announcement_publish(announcement_id=announcement.pk)
    instruments_ensure()
    return alice


class Left(Exception):
    """A request was left to Django."""


async def _django(scope: Any, receive: Any, send: Any) -> None:
    raise Left


@pytest.fixture
def hot() -> Iterator[HotPath]:
    made = HotPath(_django)
    yield made
    made.close()


@pytest.fixture
def alice(transactional_db: None, settings: Any) -> User:
    settings.SIMULATE_MARKET = True
    return fill()


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
    if isinstance(body, dict):
        body.pop("timestamp", None)
    own = {"x-request-id", "content-length"}
    return answer.status, {k: v for k, v in answer.headers.items() if k not in own}, body


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


def test_nothing_is_read_without_a_login_that_counts(hot: HotPath, alice: User):
    headers = bearer(alice)
    login = login_create(user=alice)
    ended: Headers = [(b"authorization", b"Bearer " + login.access.encode())]
    assert ask_hot(hot, "GET", "/api/v1/accounts", ended).status == 200
    login_end(refresh=login.refresh)
    bad: list[Headers] = [[], ended, [(b"authorization", b"Bearer x.y.z")]]
    for each in bad:
        with pytest.raises(Left):
            ask_hot(hot, "GET", "/api/v1/accounts", each)
    assert ask_hot(hot, "GET", "/api/v1/accounts", headers).status == 200
    alice.set_password("another-pass")
    alice.save()
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/accounts", headers)
    headers = bearer(alice)
    User.objects.update(is_active=False)
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/accounts", headers)


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


def test_one_user_reads_nothing_of_another(hot: HotPath, alice: User):
    bob = bearer(User.objects.create_user("bob"))
    account = Account.objects.filter(user=alice).earliest("id")
    for address in READS[1:9]:
        found = ask_hot(hot, "GET", address.replace("{account}", str(account.pk)), bob).json()
        assert found == [] or found["total_notifications"] == 0
    found = ask_hot(hot, "GET", "/api/v1/snapshot", bob).json()
    assert (found["accounts"], found["transactions"], found["notifications"]) == ([], [], [])


def test_a_host_that_is_not_ours_and_plain_http_are_left_to_django(
    hot: HotPath, alice: User, settings: Any
):
    settings.ALLOWED_HOSTS = ["api.example.com"]
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/accounts", bearer(alice))
    assert ask_hot(hot, "GET", "/healthz", []).status == 200  # a probe calls by address
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SECURE_SSL_REDIRECT = True
    redirecting = HotPath(_django)
    with pytest.raises(Left):
        ask_hot(redirecting, "GET", "/api/v1/accounts", bearer(alice))
    assert ask_hot(redirecting, "GET", "/healthz", []).status == 200
    redirecting.close()


def test_reads_are_counted_with_all_others(
    hot: HotPath, alice: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "read", "5/hour")
    monkeypatch.setattr(Counter, "clock", staticmethod(lambda: 1_800_000_000.0))
    cache.clear()
    headers = bearer(alice)
    assert ask_django("GET", "/api/v1/snapshot", headers).status == 200  # three units
    assert ask_hot(hot, "GET", "/api/v1/quotes", headers).status == 200
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/snapshot", headers)
    assert ask_hot(hot, "GET", "/api/v1/quotes", headers).status == 200
    with pytest.raises(Left):
        ask_hot(hot, "GET", "/api/v1/quotes", headers)
    assert ask_django("GET", "/api/v1/quotes", headers).status == 429


def test_a_read_that_is_left_to_django_is_counted_once(
    hot: HotPath, alice: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "read", "2/hour")
    monkeypatch.setattr(Counter, "clock", staticmethod(lambda: 1_800_000_000.0))
    cache.clear()
    headers = bearer(alice)
    for _ in range(4):
        with pytest.raises(Left):
            ask_hot(hot, "GET", "/api/v1/quotes?symbols=NONE", headers)
    statuses = [ask_hot(hot, "GET", "/api/v1/quotes", headers).status for _ in range(2)]
    assert statuses == [200, 200]


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


def test_a_database_that_is_away_keeps_nobody_waiting_for_a_thread(
    hot: HotPath, alice: User, monkeypatch: pytest.MonkeyPatch
):
    headers, asked = bearer(alice), []

    def give_up(identity: Any) -> bool:
        asked.append(identity)
        time.sleep(0.2)  # as the pool does after seconds
        raise OperationalError

    async def ask_all() -> list[Any]:
        scope = {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/api/v1/accounts",
            "query_string": b"",
            "headers": [(b"host", b"testserver"), *headers],
        }
        each = (talk(hot, scope) for _ in range(12 * MAX_THREADS))
        found: list[Any] = await asyncio.gather(*each, return_exceptions=True)
        return found

    monkeypatch.setattr(hot_path, "is_login_valid", give_up)
    found = async_to_sync(ask_all)()
    assert {type(each) for each in found} == {Left}
    # Whoever had a thread, each by its own connection and, if that was kept, by another.
    assert len(asked) <= 2 * MAX_THREADS
    monkeypatch.undo()
    with pytest.raises(Left):  # it is not asked again at once
        ask_hot(hot, "GET", "/api/v1/accounts", headers)
    monkeypatch.setattr(hot_path, "AWAY_SECONDS", 0.0)
    hot._asks_again = time.monotonic()
    assert ask_hot(hot, "GET", "/api/v1/accounts", headers).status == 200
    assert ask_hot(hot, "GET", "/api/v1/accounts", headers).status == 200


@pytest.mark.servers
def test_a_read_survives_the_end_of_its_threads_connection(postgres: Postgres):
    env = {"DATABASE_URL": postgres.database("hot_path")}
    with Server(env=env, prepare=USER) as server:
        token = server.log_in("alice", "alice-pass")["access"]
        for _ in range(8):  # each thread has a connection
            assert server.request("GET", "/api/v1/accounts", token=token).status == 200
        server.shell(
            "from django.db import connection; connection.cursor().execute('SELECT "
            "pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database()')"
        )
        for _ in range(8):
            assert server.request("GET", "/api/v1/accounts", token=token).json() == []


@pytest.mark.servers
def test_a_login_that_has_ended_reads_nothing_more_on_a_server():
    with Server(prepare=USER) as server:
        login = server.log_in("alice", "alice-pass")
        ask = partial(server.request, "GET", "/api/v1/notifications", token=login["access"])
        assert (ask().status, ask().json()) == (200, [])
        out = server.request("POST", "/api/v1/auth/logout", json={"refresh": login["refresh"]})
        assert out.status == 204
        refused = ask()
        assert (refused.status, refused.json()["code"]) == (401, "token_not_valid")
        assert "Traceback" not in server.log()
