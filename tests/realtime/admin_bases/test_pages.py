"""Lists by key link to older rows; actions touch chosen rows; lookups need an index."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from hoardrun.ledger.models import Transaction
from hoardrun.ledger.services import account_open
from realtime.admin_bases import pages
from realtime.models import IssuedToken, Stream

STREAMS = "/admin/realtime/stream/"
USERS = "/admin/auth/user/"
TOKENS = "/admin/realtime/issuedtoken/"


def listed(html: str) -> list[int]:
    return [int(number) for number in re.findall(r">room-(\d+)<", html)]


def link(html: str, text: str) -> str | None:
    found = re.search(rf'<a href="([^"]*)"[^>]*>{text}</a>', html)
    return found[1].replace("&amp;", "&") if found else None


def test_a_list_links_to_older_rows_and_back(admin: Client) -> None:
    Stream.objects.bulk_create(Stream(name=f"room-{number}") for number in range(120))
    seen: list[int] = []
    path: str | None = "?q=room-"
    while path:
        page = admin.get(STREAMS + path).content.decode()
        seen += listed(page)
        Stream.objects.create(name=f"room-{1000 + len(seen)}")  # newer: it moves nothing
        path = link(page, "Older")
        assert (link(page, "Newest") is not None) == (len(seen) > 50)
    assert seen == list(reversed(range(120)))
    assert link(page, "Newest") == "?q=room-"


@pytest.mark.parametrize("key", ["", "0", "-1", "1" * 30])
def test_any_number_is_a_valid_key(admin: Client, key: str) -> None:
    assert admin.get(STREAMS, {"p": key}).status_code == 200


@pytest.mark.parametrize(
    ("url", "key"),
    [(STREAMS, key) for key in ("x", "1.5", "9" * 5000)]
    + [(TOKENS, key) for key in ("x", "2026-01-01", ",", "x,room-1")],
)
def test_an_invalid_key_leads_to_the_first_page(admin: Client, url: str, key: str) -> None:
    assert admin.get(url, {"p": key}, follow=True).redirect_chain == [(f"{url}?e=1", 302)]


@pytest.mark.parametrize("query", [{"head": "1"}, {"epoch__contains": "a"}, {"id__gt": "1"}])
def test_a_filter_by_a_column_without_an_index_is_refused(
    admin: Client, query: dict[str, str]
) -> None:
    assert admin.get(STREAMS, query).status_code == 400


def test_it_sorts_by_its_key_only(admin: Client) -> None:
    Stream.objects.bulk_create(
        Stream(name=f"room-{number}", head=9 - number) for number in range(3)
    )
    page = admin.get(STREAMS, {"o": "2"}).content.decode()
    assert listed(page) == [2, 1, 0]
    assert "sortoptions" not in page


def test_an_action_changes_only_the_chosen_rows(admin: Client) -> None:
    users = [User.objects.create_user(f"user-{number}") for number in range(3)]
    form = {"action": "delete_selected", "select_across": "1", "post": "yes"}
    admin.post(USERS, form | {"_selected_action": [users[0].pk]})
    left = User.objects.filter(username__startswith="user").values_list("pk", flat=True)
    assert set(left) == {users[1].pk, users[2].pk}


def test_users_are_offered_by_the_beginning_of_their_name(admin: Client) -> None:
    for number in range(30):
        User.objects.create_user(f"amina-{number}", email=f"A{number}@example.org")
    query = {"app_label": "broadcasts", "model_name": "broadcast", "field_name": "author"}

    def offered(term: str, page: int = 1) -> tuple[int, bool]:
        answer = admin.get("/admin/autocomplete/", query | {"term": term, "page": page}).json()
        return len(answer["results"]), answer["pagination"]["more"]

    assert offered("") == (20, True)
    assert offered("", 2) == (11, False)
    assert offered("amina-7") == (1, False)
    assert offered("Amina-7") == (1, False)
    assert offered("A7@example.org") == (1, False)
    assert offered("nobody") == (0, False)


def test_all_rows_of_one_second_are_shown(admin: Client) -> None:
    user = User.objects.create_user("amina")
    now = timezone.now().replace(microsecond=0)
    IssuedToken.objects.bulk_create(
        IssuedToken(jti=f"room-{n}", user=user, session="s", issued_at=now, expires_at=expires)
        for n, expires in enumerate([now] * 170 + [now + timedelta(seconds=1)] * 70)
    )
    seen: list[int] = []
    path: str | None = ""
    while path is not None:
        page = admin.get(TOKENS + path).content.decode()
        seen += listed(page)
        path = link(page, "Older")
    assert sorted(seen) == list(range(240))
    assert set(seen[:70]) == set(range(170, 240))


def test_a_search_that_leaves_rows_out_says_so(admin: Client) -> None:
    for number in range(pages.MAX_NAMED):
        User.objects.create_user(f"amina-{number}")
    assert "These are not all" not in admin.get(USERS, {"q": "amina"}).content.decode()
    User.objects.create_user("amina-x")
    for url in (USERS, "/admin/realtime/cursor/", "/admin/ledger/transaction/"):
        assert "These are not all" in admin.get(url, {"q": "amina"}).content.decode(), url
        assert "These are not all" not in admin.get(url).content.decode(), url


def test_a_search_finds_the_newest_rows_of_a_reference(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages.first_keys, "__defaults__", (10,))
    account = account_open(user_id=User.objects.get().pk, currency="KES")
    given = {"account": account, "type": "deposit", "direction": "inbound", "currency": "KES"}
    rows = Transaction.objects.bulk_create(
        Transaction(reference="SALARY", amount=1, **given) for _ in range(30)
    )
    page = admin.get("/admin/ledger/transaction/", {"q": "SALARY"})
    assert "These are not all" in page.content.decode()
    found = [row.pk for row in page.context["cl"].result_list]
    assert found == sorted((row.pk for row in rows), reverse=True)[:10]
