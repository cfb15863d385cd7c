"""Lists by key: older rows by a link, actions on what is chosen, lookups with an index only."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from hoardrun.ledger.models import Transaction
from hoardrun.ledger.services import account_open
from realtime import admin_pages
from realtime.models import IssuedToken, Stream

STREAMS = "/admin/realtime/stream/"
USERS = "/admin/auth/user/"


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("charlie"))
    return client


def listed(html: str) -> list[int]:
    return [int(number) for number in re.findall(r">room-(\d+)<", html)]


def link(html: str, text: str) -> str | None:
    found = re.search(rf'<a href="([^"]*)"[^>]*>{text}</a>', html)
    return found[1].replace("&amp;", "&") if found else None


def test_it_leads_to_older_rows_and_back(browser: Client) -> None:
    Stream.objects.bulk_create(Stream(name=f"room-{number}") for number in range(120))
    seen: list[int] = []
    path: str | None = "?q=room-"
    while path:
        page = browser.get(STREAMS + path).content.decode()
        seen += listed(page)
        Stream.objects.create(name=f"room-{1000 + len(seen)}")  # newer: it moves nothing
        path = link(page, "Older")
        assert (link(page, "Newest") is not None) == (len(seen) > 50)
    assert seen == list(reversed(range(120)))
    assert link(page, "Newest") == "?q=room-"


@pytest.mark.parametrize("key", ["", "0", "-1", "1" * 30])
def test_any_number_is_a_key(browser: Client, key: str) -> None:
    assert browser.get(STREAMS, {"p": key}).status_code == 200


@pytest.mark.parametrize("key", ["x", "1.5", "9" * 5000])
def test_what_is_no_key_leads_to_the_first_page(browser: Client, key: str) -> None:
    assert browser.get(STREAMS, {"p": key}, follow=True).redirect_chain == [(f"{STREAMS}?e=1", 302)]


@pytest.mark.parametrize("query", [{"head": "1"}, {"epoch__contains": "a"}, {"id__gt": "1"}])
def test_it_filters_by_no_column_without_an_index(browser: Client, query: dict[str, str]) -> None:
    assert browser.get(STREAMS, query).status_code == 400


def test_it_sorts_by_no_other_column(browser: Client) -> None:
    Stream.objects.bulk_create(
        Stream(name=f"room-{number}", head=9 - number) for number in range(3)
    )
    page = browser.get(STREAMS, {"o": "2"}).content.decode()
    assert listed(page) == [2, 1, 0]
    assert "sortoptions" not in page


def test_an_action_changes_only_what_was_chosen(browser: Client) -> None:
    users = [User.objects.create_user(f"user-{number}") for number in range(3)]
    browser.post(
        USERS,
        {
            "action": "delete_selected",
            "_selected_action": [users[0].pk],
            "select_across": "1",
            "post": "yes",
        },
    )
    left = User.objects.filter(username__startswith="user").values_list("pk", flat=True)
    assert set(left) == {users[1].pk, users[2].pk}


def test_it_offers_users_by_the_begin_of_their_name(browser: Client) -> None:
    for number in range(30):
        User.objects.create_user(f"amina-{number}", email=f"A{number}@example.org")
    query = {"app_label": "broadcasts", "model_name": "broadcast", "field_name": "author"}

    def offered(term: str, page: int = 1) -> tuple[int, bool]:
        answer = browser.get("/admin/autocomplete/", query | {"term": term, "page": page}).json()
        return len(answer["results"]), answer["pagination"]["more"]

    assert offered("") == (20, True)
    assert offered("", 2) == (11, False)
    assert offered("amina-7") == (1, False)
    assert offered("Amina-7") == (1, False)
    assert offered("A7@example.org") == (1, False)
    assert offered("nobody") == (0, False)


def test_rows_of_one_second_are_all_shown(browser: Client) -> None:
    user = User.objects.create_user("amina")
    now = timezone.now().replace(microsecond=0)
    IssuedToken.objects.bulk_create(
        IssuedToken(jti=f"room-{n}", user=user, session="s", issued_at=now, expires_at=expires)
        for n, expires in enumerate([now] * 170 + [now + timedelta(seconds=1)] * 70)
    )
    seen: list[int] = []
    path: str | None = ""
    while path is not None:
        page = browser.get(f"/admin/realtime/issuedtoken/{path}").content.decode()
        seen += listed(page)
        path = link(page, "Older")
    assert sorted(seen) == list(range(240))
    assert set(seen[:70]) == set(range(170, 240))


@pytest.mark.parametrize("key", ["x", "2026-01-01", ",", "x,room-1"])
def test_what_is_no_key_of_two_columns_leads_to_the_first_page(browser: Client, key: str) -> None:
    url = "/admin/realtime/issuedtoken/"
    assert browser.get(url, {"p": key}, follow=True).redirect_chain == [(f"{url}?e=1", 302)]


def test_a_search_that_leaves_something_out_says_so(browser: Client) -> None:
    for number in range(admin_pages.MAX_NAMED):
        User.objects.create_user(f"amina-{number}")
    assert "These are not all" not in browser.get(USERS, {"q": "amina"}).content.decode()
    User.objects.create_user("amina-x")
    for url in (USERS, "/admin/realtime/cursor/", "/admin/ledger/transaction/"):
        assert "These are not all" in browser.get(url, {"q": "amina"}).content.decode(), url
        assert "These are not all" not in browser.get(url).content.decode(), url


def test_a_search_finds_the_newest_of_one_reference(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_pages.first_keys, "__defaults__", (10,))
    account = account_open(user_id=User.objects.get().pk, currency="KES")
    given = {"account": account, "type": "deposit", "direction": "inbound", "currency": "KES"}
    rows = Transaction.objects.bulk_create(
        Transaction(reference="SALARY", amount=1, **given) for _ in range(30)
    )
    page = browser.get("/admin/ledger/transaction/", {"q": "SALARY"})
    assert "These are not all" in page.content.decode()
    found = [row.pk for row in page.context["cl"].result_list]
    assert found == sorted((row.pk for row in rows), reverse=True)[:10]
