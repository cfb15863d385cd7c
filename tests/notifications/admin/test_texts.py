"""The pages of texts: who sees them, that they show what is sent, and how an e-mail is framed."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notifications import kinds
from notifications.languages import CODES
from notifications.texts import render, version
from notifications.texts.preview import channels_of
from tests.clients import browser_as, count_queries, staff_with

URL = "/admin/notifications/texts/"
DEBIT = f"{URL}transaction.debit/"
PAGES = (URL, DEBIT, f"{DEBIT}mail/")


@pytest.fixture
def writer(alice: User) -> Client:
    """Somebody who writes texts, and may see nothing of a customer."""
    return browser_as(staff_with(alice, "view_texts"))


@pytest.mark.parametrize("url", PAGES)
def test_they_take_a_right_of_their_own(alice: User, bob: User, writer: Client, url: str) -> None:
    assert writer.get(url).status_code == 200
    assert writer.post(url).status_code == 405
    others = staff_with(bob, "view_notification", "view_delivery", "view_host")
    assert browser_as(others).get(url).status_code == 403
    assert Client().get(url).status_code == 302  # to the login


def test_the_index_lists_them_for_those_who_have_it(writer: Client, bob: User) -> None:
    for url in ("/admin/", "/admin/notifications/"):
        assert f'href="{URL}"' in writer.get(url).content.decode()
    other = browser_as(staff_with(bob, "view_notification"))
    assert f'href="{URL}"' not in other.get("/admin/").content.decode()


def test_all_kinds_are_there_with_their_ladders(writer: Client) -> None:
    page = writer.get(URL).content.decode()
    for kind in kinds.all_kinds():
        assert f'href="{URL}{kind.name}/"' in page
    assert "after 3 min unless on a device" in page
    assert page.count("own-must") > 10


@pytest.mark.parametrize("language", CODES)
def test_it_shows_what_is_sent(writer: Client, language: str) -> None:
    kind = kinds.find("transaction.debit")
    assert kind is not None
    answer = writer.get(DEBIT, {"locale": language})
    shown = answer.context["samples"]
    assert len(shown) == len(kind.samples)
    for sample, values in zip(shown, kind.samples, strict=True):
        texts = {each["channel"]: each["preview"].content for each in sample["texts"]}
        assert tuple(texts) == channels_of(kind)
        for channel, content in texts.items():
            if channel != "email":  # which has a button besides
                assert content == render(kind.name, channel, values, locale=language)
    page = answer.content.decode()
    assert version(kind.name, language) in page
    assert re.search(r"1 segment</span>\s*GSM-7: \d+ of 160 characters", page)


def test_it_shows_the_buttons_of_a_push(writer: Client) -> None:
    page = writer.get(DEBIT.replace("transaction.debit", "security.pin_changed")).content.decode()
    assert "It was me</span>" in page and "It wasn&#x27;t me</span>" in page


def test_amounts_can_be_hidden_as_on_a_lock_screen(writer: Client) -> None:
    def pushed(**query: str) -> str:
        texts = writer.get(DEBIT, query).context["samples"][0]["texts"]
        return next(str(each["preview"].content.body) for each in texts
                    if each["channel"] == "push")  # fmt: skip

    assert any(letter.isdigit() for letter in pushed())
    assert not any(letter.isdigit() for letter in pushed(hide="1"))


@pytest.mark.parametrize("query", ["locale=de", "locale=", "locale=../en"])
def test_an_unknown_language_is_not_found(writer: Client, query: str) -> None:
    assert writer.get(f"{DEBIT}?{query}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "no.kind/", "no.kind/mail/", "transaction.debit/mail/?sample=99",
        "transaction.debit/mail/?sample=-1", f"transaction.debit/mail/?sample={'9' * 5000}",
        "transaction.debit/mail/?scheme=blue", "security.sim/mail/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(writer: Client, path: str) -> None:
    assert writer.get(f"{URL}{path}").status_code == 404


def test_an_email_may_do_nothing_and_only_its_page_frames_it(writer: Client) -> None:
    page = writer.get(DEBIT)
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    frames = re.findall(r"<iframe [^>]*>", page.content.decode())
    assert frames and all(" sandbox " in frame for frame in frames)
    mail = writer.get(f"{DEBIT}mail/")
    policy = mail["Content-Security-Policy"].split("; ")
    assert {"sandbox", "default-src 'none'", "frame-ancestors 'self'"} <= set(policy)
    assert not [each for each in policy if each.startswith(("script-src", "img-src"))]
    assert mail["X-Frame-Options"] == "SAMEORIGIN"


def test_an_email_is_shown_in_the_light_and_in_the_dark(writer: Client) -> None:
    light, dark = (
        writer.get(f"{DEBIT}mail/", {"scheme": scheme}).content.decode()
        for scheme in ("light", "dark")
    )
    assert "@media not all" in light
    assert "@media all" in dark
    assert "prefers-color-scheme" not in light + dark


def test_no_page_reads_a_row_of_a_customer(writer: Client) -> None:
    assert {count_queries(writer, url) for url in PAGES} <= {2, 3, 4}  # the session and rights
