"""The limits of requests for users and strangers, and for guesses of passwords."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import AsyncClient, Client, RequestFactory
from rest_framework.settings import api_settings
from rest_framework.test import APIClient

from hoardrun.api import throttles
from hoardrun.api.throttles import Counter, LoginAttempt
from notifications.services import notification_create
from realtime.models import Event
from tests.clients import api_as, browser_as
from tests.hoardrun.test_policies import paths
from tests.hoardrun.tools import at_once, problem

TOKEN = "/api/v1/auth/token"
ALICE = {"username": "alice", "password": "alice-pass"}
WRONG = ALICE | {"password": "wrong"}
CHARLIE = {"username": "charlie", "password": "charlie-pass"}
MINE, ALL_READ = "/api/v1/accounts", "/api/v1/notifications/mark-all-read"
BULK = "/api/v1/notifications/bulk-update"


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> Iterator[list[float]]:
    """A clock that stands still until a test moves it."""
    now = [1_800_000_000.0]
    monkeypatch.setattr(Counter, "clock", staticmethod(lambda: now[0]))
    yield now


@pytest.fixture
def rate(monkeypatch) -> Any:
    """Set a rate."""
    rates = api_settings.DEFAULT_THROTTLE_RATES
    return lambda scope, text: monkeypatch.setitem(rates, scope, text)


def log_in(body: dict[str, str], address: str = "192.0.2.1") -> Any:
    return APIClient().post(TOKEN, body, REMOTE_ADDR=address)


def stranger(number: int = 1) -> dict[str, str]:
    """Write a login of an unknown user."""
    return {"username": f"user-{number}", "password": "x"}


def statuses(client: Any, path: str, count: int, **options: Any) -> list[int]:
    return [client.get(path, **options).status_code for _ in range(count)]


def test_reads_are_limited_per_user(alice: User, bob: User, rate):
    rate("read", "3/min")
    assert statuses(api_as(alice), MINE, 4) == [200, 200, 200, 429]
    answer = api_as(alice).get("/api/v1/notifications", REMOTE_ADDR="192.0.2.9")
    problem(answer, 429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert api_as(bob).get(MINE).status_code == 200
    assert api_as(alice).post(ALL_READ).status_code == 200


def test_writes_are_limited_per_user(alice: User, rate):
    rate("write", "2/min")
    client = api_as(alice)
    done = [client.post("/api/v1/notifications/mark-all-seen").status_code for _ in range(3)]
    assert done == [200, 200, 429]
    assert client.get(MINE).status_code == 200


def test_time_gives_room_again(alice: User, rate, clock):
    rate("read", "4/min")
    client = api_as(alice)
    assert statuses(client, MINE, 5)[-1] == 429
    clock[0] += 60 + 30  # half of the next window: two of the four count no more
    assert statuses(client, MINE, 3) == [200, 200, 429]
    clock[0] += 120
    assert statuses(client, MINE, 5) == [200, 200, 200, 200, 429]


def test_waiting_as_long_as_told_is_enough(alice: User, rate, clock):
    rate("read", "3/min")
    client = api_as(alice)
    for _ in range(20):
        clock[0] += 7
        answer = client.get(MINE)
        if answer.status_code == 429:
            clock[0] += int(answer["Retry-After"])
            assert client.get(MINE).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("post", f"/api/v1/auth/{name}") for name in ("token", "refresh", "logout")),
        *(("get", path) for path in ("/api/schema", "/api/docs", "/ws/schema")),
    ],
)
def test_strangers_are_counted_by_address_on_every_path_that_takes_them(
    db, rate, method: str, path: str
):
    rate("stranger", "2/min")

    def ask(address: str) -> int:
        call = getattr(APIClient(), method)
        return int(call(path, data=None, REMOTE_ADDR=address).status_code)

    for address in ("2001:db8::1", "2001:db8::2"):  # one network
        assert ask(address) != 429
    assert ask("2001:db8::3") == 429
    assert ask("192.0.2.2") != 429


def test_a_body_that_cannot_be_read_counts(db, rate):
    rate("stranger", "2/min")
    for status in (400, 400, 429):
        answer = APIClient().post(TOKEN, b"{", content_type="application/json")
        assert answer.status_code == status


def test_a_bulk_update_costs_by_its_rows(alice: User, rate):
    rate("write", "50/min")
    client = api_as(alice)

    def update(count: int) -> int:
        body = {"notification_ids": [str(n) for n in range(1, count + 1)], "status": "read"}
        return int(client.post(BULK, body).status_code)

    assert [update(100) for _ in range(4)] == [200] * 4  # 11 each
    assert update(100) == 429
    assert [update(1) for _ in range(6)] == [200] * 6
    assert update(1) == 429


def test_a_bulk_update_writes_small_events(alice: User):
    made = [
        notification_create(user_id=alice.pk, title="t" * 60, message="m" * 200) for _ in range(100)
    ]
    ids = [str(row.pk) for row in made]
    client = api_as(alice)
    written = Event.objects.all()
    for status, count in (("read", 100), ("archived", 100), ("unread", 20), ("read", 100)):
        body = {"notification_ids": ids[:count], "status": status}
        before = [*written.values_list("pk", flat=True)]
        assert client.post(BULK, body).status_code == 200
        assert sum(len(event.payload) for event in written.exclude(pk__in=before)) < 16 * 1024
    body = {"notification_ids": ids[:21], "status": "unread"}
    problem(client.post(BULK, body), 400, "invalid_input", "notification_ids")


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_time_all_count(rate):
    rate("read", "10/min")
    for _ in range(2):  # of twelve at once: each has a connection, of which a pool has sixteen
        at_once(12, lambda _: Counter("read", "user 1").take())
    assert not Counter("read", "user 1").take()
    cache.clear()
    taken = [Counter("read", "user 1").take() for _ in range(30)]
    assert sum(taken) == 10


def test_forty_names_from_one_address_are_refused(db):
    codes = [log_in(stranger(number)).status_code for number in range(40)]
    assert codes == [401] * 30 + [429] * 10
    assert log_in(stranger(), "192.0.2.2").status_code == 401


def test_right_logins_do_not_block_others_at_the_same_address(alice: User, bob: User):
    for number in range(60):
        name = "alice" if number % 2 else "bob"
        body = {"username": name, "password": f"{name}-pass"}
        code = log_in(body).status_code
        assert code == (200 if number < 40 else 429)  # 20 of each name
    for number in range(30):
        assert log_in(stranger(number)).status_code == 401


def test_guesses_from_many_addresses_are_refused_and_the_owner_is_not(alice: User, clock):
    assert log_in(ALICE, "198.51.100.1").status_code == 200  # at home
    codes = [log_in(WRONG, f"203.0.113.{number}").status_code for number in range(70)]
    assert codes == [401] * 60 + [429] * 10
    problem(log_in(ALICE, "203.0.113.200"), 429, "throttled")
    assert log_in(ALICE, "198.51.100.1").status_code == 200
    clock[0] += 2 * 3600  # and from anywhere, once it has been quiet
    assert log_in(ALICE, "203.0.113.200").status_code == 200


def test_an_unknown_name_is_counted_like_a_known_one(db):
    codes = [log_in(stranger(), f"203.0.113.{number}").status_code for number in range(61)]
    assert codes == [401] * 60 + [429]


def log_in_by_the_form(body: dict[str, str], address: str = "192.0.2.1") -> Any:
    return Client(REMOTE_ADDR=address).post("/admin/login/", body)


def test_the_admins_form_counts_with_the_api(charlie: User):
    for number in range(30):
        assert log_in_by_the_form(stranger(number)).status_code == 200
    assert log_in(CHARLIE).status_code == 429
    assert "Too many" in log_in_by_the_form(CHARLIE).content.decode()
    assert log_in_by_the_form(CHARLIE, "192.0.2.3").status_code == 302


@pytest.mark.parametrize("form", [{"username": "alice"}, {"username": "alice", "password": ""}])
def test_a_form_without_a_password_makes_no_address_known(db, rate, form: dict[str, str]):
    rate("login_name", "2/hour")
    for number in range(4):
        assert log_in_by_the_form(form, f"203.0.113.{number}").status_code == 200
        code = log_in(WRONG, f"203.0.113.{number}").status_code
        assert code == (401 if number == 0 else 429)


def test_a_login_that_ends_in_the_next_window_gives_back_to_its_own(db, rate, clock):
    rate("login_address", "2/min")
    clock[0] += 59.9
    form = RequestFactory().post("/admin/login/", ALICE, REMOTE_ADDR="192.0.2.1")
    attempt = LoginAttempt(form, "alice")
    assert attempt.allowed
    clock[0] += 0.2
    attempt.succeeded()
    attempt.succeeded()  # once more gives nothing back
    codes = [log_in(stranger(number)).status_code for number in range(3)]
    assert codes == [401, 401, 429]


CHANGE = "/admin/password_change/"


def test_wrong_old_passwords_are_counted_by_user(charlie: User, dora: User, rate):
    rate("login_name", "3/hour")

    def change(user: User, old: str) -> str:
        page = browser_as(user)
        form = {"old_password": old, "new_password1": "n" * 12, "new_password2": "m" * 12}
        return page.post(CHANGE, form).content.decode()

    for _ in range(5):  # right ones use nothing up
        assert "incorrectly" not in change(charlie, "charlie-pass")
    for _ in range(3):
        assert "incorrectly" in change(charlie, "wrong")
    assert "Too many attempts" in change(charlie, "charlie-pass")
    assert "incorrectly" in change(dora, "wrong")


def test_staff_changes_its_own_password(charlie: User):
    page = browser_as(charlie)
    assert "Old password" in page.get(CHANGE).content.decode()
    new = {"old_password": "charlie-pass", "new_password1": "ab-12-cd-34", "new_password2": ""}
    assert page.post(CHANGE, new).status_code == 200
    answer = page.post(CHANGE, new | {"new_password2": "ab-12-cd-34"})
    assert answer["Location"] == "/admin/password_change/done/"
    charlie.refresh_from_db()
    assert charlie.check_password("ab-12-cd-34")


@pytest.mark.parametrize("path", ["/", "/admin/", "/admin/login/", "/favicon.ico", "/ws/test"])
def test_pages_are_counted_with_the_api_by_address_and_by_user(support: Client, rate, path):
    rate("stranger", "2/min")
    assert APIClient().get("/api/schema").status_code == 200
    assert Client().get(path).status_code < 400
    answer = Client().get(path)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60
    assert APIClient().get("/api/schema").status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.5").get(path).status_code < 400
    rate("read", "2/min")
    assert statuses(support, "/admin/", 3) == [200, 200, 429]
    assert support.get("/api/v1/auth/me").status_code == 429
    assert support.post("/admin/login/", {}).status_code == 200  # which is a write


def test_every_path_counts_strangers(db, rate):
    rate("stranger", "1/min")
    asked = [*paths(), "/nothing", "/api/nothing", "/ws/", "/healthzzz", "/ws/notifications"]
    missed = [
        path
        for number, path in enumerate(asked)
        if statuses(Client(REMOTE_ADDR=f"10.0.0.{number}"), path, 2)[1] != 429
    ]
    assert {path.rstrip("/") for path in missed} == {"/healthz", "/readyz"}


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (401, lambda client: client.get(MINE)),
        (401, lambda client: client.get(MINE, HTTP_AUTHORIZATION="Bearer nonsense")),
        (401, lambda client: client.get(MINE, HTTP_COOKIE="sessionid=nonsense")),
        (405, lambda client: client.delete("/api/v1/auth/refresh")),
        (406, lambda client: client.get("/api/v1/quotes", HTTP_ACCEPT="image/png")),
        (404, lambda client: client.get("/api/nothing")),
        (426, lambda client: client.get("/ws/notifications")),
    ],
)
def test_a_refused_request_counts_for_the_address(db, rate, status: int, ask):
    rate("stranger", "2/min")
    assert [ask(APIClient()).status_code for _ in range(3)] == [status, status, 429]
    problem(ask(APIClient()), 429, "throttled")
    assert APIClient().get("/api/schema").status_code == 429


@pytest.mark.parametrize(
    ("status", "path"), [(403, "/ws/stats"), (404, "/api/v1/accounts/7"), (405, "/api/ws-ticket")]
)
def test_a_refused_request_counts_for_the_user(alice: User, rate, status: int, path: str):
    rate("read", "2/min")
    assert statuses(api_as(alice), path, 3) == [status, status, 429]


def test_a_flood_from_an_address_ends_no_logins_behind_it(alice: User, rate):
    tokens = [log_in(ALICE).json()["refresh"] for _ in range(3)]
    rate("stranger", "2/min")
    rate("write", "3/min")
    assert statuses(APIClient(), "/api/nothing", 3) == [404, 404, 429]

    def ask(path: str, refresh: str) -> int:
        body = {"refresh": refresh}
        return APIClient().post(f"/api/v1/auth/{path}", body).status_code

    assert [ask("refresh", refresh) for refresh in (tokens[0], tokens[1])] == [200, 200]
    assert ask("logout", tokens[0]) == 204
    assert ask("refresh", tokens[1]) == 429  # the user's own rate
    # A login that is over is a stranger's, and takes nothing from its user.
    assert [ask("refresh", refresh) for refresh in (tokens[0], "nonsense", "")] == [429] * 3


def test_a_body_of_a_stranger_is_not_read_to_be_counted(db):
    answer = APIClient().post(BULK, b"{", content_type="application/json")
    problem(answer, 401, "not_authenticated")


def test_a_method_not_allowed_is_not_counted_as_a_guess(db, rate):
    rate("login_address", "1/min")
    assert statuses(APIClient(), TOKEN, 3) == [405] * 3
    assert log_in(WRONG, "127.0.0.1").status_code == 401


def test_probes_are_not_counted(db, rate):
    rate("stranger", "1/min")
    assert [Client().get("/healthz").status_code for _ in range(3)] == [200] * 3


async def test_pages_count_strangers_on_an_asynchronous_server(rate):
    rate("stranger", "1/min")
    client = AsyncClient()
    assert (await client.get("/")).status_code == 302
    assert (await client.get("/")).status_code == 429
    assert (await client.get("/healthz")).status_code == 200


class AwayCache:
    """A cache that cannot be reached, and counts how often it was asked."""

    asked = 0

    def __getattr__(self, name: str) -> Any:
        AwayCache.asked += 1
        raise ConnectionError("away")


def test_a_cache_that_is_away_is_seldom_asked_and_requests_count_all_the_same(
    alice: User, rate, monkeypatch
):
    rate("read", "3/min")
    monkeypatch.setattr(throttles, "_with_cache", throttles._Counts().use)
    monkeypatch.setattr(throttles, "shared", AwayCache)
    monkeypatch.setattr(AwayCache, "asked", 0)
    throttles._own.clear()
    client = api_as(alice)
    assert statuses(client, MINE, 4) == [200, 200, 200, 429]
    assert AwayCache.asked == 1
    monkeypatch.setattr(throttles, "AWAY_SECONDS", -1.0)
    monkeypatch.setattr(throttles, "_with_cache", throttles._Counts().use)
    statuses(client, MINE, 2)
    assert AwayCache.asked > 2  # it is tried again after that time
    monkeypatch.setattr(throttles, "shared", lambda: cache)
    assert client.get(MINE).status_code == 200  # the counts of all processes
