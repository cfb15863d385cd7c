"""A link in an e-mail changes nothing until somebody presses the button."""

from __future__ import annotations

import html
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from notifications.hooks import tokens
from notifications.hooks.wording import WORDING
from notifications.kinds import all_kinds
from notifications.models import Consent, Preference
from notifications.texts import kind_name
from realtime import clock

CLICK = {"List-Unsubscribe": "One-Click"}
ROUNDS, THREADS = 1000, 4
pytestmark = pytest.mark.django_db


def category(*, required: bool) -> str:
    """Return a category whose e-mails are all required, or all optional."""
    kinds: dict[str, set[bool]] = {}
    for kind in all_kinds():
        if any(rung.channel == "email" for rung in kind.ladder):
            kinds.setdefault(kind.category, set()).add("email" in kind.required_channels)
    return next(name for name, found in sorted(kinds.items()) if found == {required})


def link(user: User, *, required: bool = False) -> str:
    return tokens.unsubscribe_url(user.pk, category(required=required))


def ended() -> list[tuple[str, str, bool]]:
    return list(Consent.objects.values_list("category", "channel", "granted"))


def scan(url: str, rounds: int) -> None:
    """Follow a link as scanners of mailboxes and browsers do, without pressing its button."""
    client = Client()
    for _ in range(rounds):
        assert client.get(url).status_code == 200
        assert client.head(url).status_code == 200
        prefetch = {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"}
        assert client.get(url, headers=prefetch).status_code == 200


@pytest.mark.reported(number=16)
def test_scanners_change_nothing(alice: User) -> None:
    url = link(alice)
    scan(url, 10)
    assert Client().options(url).status_code == 200
    assert ended() == []
    page = Client().get(url).content.decode()
    assert WORDING["en"].button in page and 'method="post"' in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.long
@pytest.mark.reported(number=16)
def test_a_thousand_scanners_change_nothing_and_then_one_click_does_once(alice: User) -> None:
    url = link(alice)

    def work(step: Callable[[], Any]) -> Any:
        try:
            return step()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        scans = [lambda: scan(url, ROUNDS // THREADS)] * THREADS
        list(pool.map(work, scans))
        assert ended() == []
        clicks = [lambda: Client().post(url, CLICK)] * THREADS
        answers = list(pool.map(work, clicks))
    answers.append(Client().post(url, CLICK))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (200, answers[0].content)
    }
    assert ended() == [(category(required=False), "email", False)]
    scan(url, 1)
    assert len(ended()) == 1


@pytest.mark.reported(number=16)
def test_one_click_ends_it_at_once_and_for_good(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)  # without a cookie, a login or a token of forms
    answers = [client.post(link(alice), CLICK) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert WORDING["en"].done in answers[0].content.decode()
    assert ended() == [(category(required=False), "email", False)]
    assert not client.cookies
    assert (Consent.objects.get().actor, Consent.objects.get().source) == (
        f"user:{alice.pk}",
        "unsubscribe",
    )


def test_what_is_required_is_not_ended_and_the_page_says_so(alice: User) -> None:
    url = link(alice, required=True)
    for answer in (Client().get(url), Client().post(url, CLICK)):
        page = answer.content.decode()
        assert answer.status_code == 200 and "<button" not in page and "<li>" in page
    assert ended() == []


@pytest.mark.parametrize("language", WORDING)
def test_what_is_required_is_named_in_the_language_of_the_reader(
    alice: User, language: str
) -> None:
    answer = Client().get(link(alice, required=True), headers={"Accept-Language": language})
    shown = html.unescape(answer.content.decode())
    required = [
        kind_name(kind.name, locale=language)
        for kind in all_kinds()
        if kind.category == category(required=True) and "email" in kind.required_channels
    ]
    assert required and all(f"<li>{name}</li>" in shown for name in required)


def test_a_link_that_is_not_ours_is_not_found_and_is_counted(
    alice: User, rate: Callable[..., None]
) -> None:
    rate("stranger", "4/min")
    wrong = f"{link(alice)}x"
    for answer in (Client().get(wrong), Client().post(wrong, CLICK)):
        assert answer.status_code == 404 and WORDING["en"].unknown in answer.content.decode()
    assert ended() == []
    assert [Client().get(wrong).status_code for _ in range(3)] == [404, 404, 429]
    assert Client().get(link(alice)).status_code == 200


def test_a_user_that_is_gone_gets_nothing_more(alice: User) -> None:
    url = link(alice)
    alice.delete()
    assert Client().post(url, CLICK).status_code == 200
    assert ended() == []


@pytest.mark.parametrize("language", WORDING)
def test_the_page_speaks_the_language_of_its_reader(alice: User, language: str) -> None:
    asked = Client().get(link(alice), headers={"Accept-Language": f"xx, {language}-KE;q=0.8"})
    assert f'lang="{language}"' in asked.content.decode()
    Preference.objects.create(user=alice, locale=f"{language}_UG", updated_at=clock.now())
    assert f'lang="{language}"' in Client().get(link(alice)).content.decode()


def test_the_page_loads_its_own_files_only_and_says_nothing_of_the_user(alice: User) -> None:
    answer: Any = Client().get(link(alice))
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "no-store"
    assert "alice" not in answer.content.decode()
