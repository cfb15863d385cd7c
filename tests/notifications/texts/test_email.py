"""The page of an e-mail: a part for programs that show text, and one in HTML."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from notifications import texts
from notifications.channels.message import Content
from notifications.kinds.values import General
from notifications.languages import CODES

EVIL = General(title="<b>&</b>", message='One\nline.\n\n<script>"x"</script> $title {brand}')
UNSUBSCRIBE = "https://api.acme.example/u/a?b=1&c"


@pytest.fixture(autouse=True)
def brand(settings):
    settings.BRAND = replace(
        settings.BRAND,
        name="Acme <Bank>",
        support="0800 100 200",
        footer="Acme Bank, Kampala & Nairobi",
        color="#123456",
    )


def whole() -> Content:
    """Render an e-mail with all that one may have."""
    return texts.render(
        "system.general",
        "email",
        EVIL,
        unsubscribe=UNSUBSCRIBE,
        address="https://api.acme.example",
    )


class Page(HTMLParser):
    """Read a page: its text, its tags, and whether each one that was opened is closed."""

    ALONE = {"meta", "br"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_both_parts_say_the_same():
    content = whole()
    page = Page(content.html)
    assert page.open == []
    for said in (
        *("One", '<script>"x"</script> $title {brand}', "Acme <Bank>", "Open the app"),
        *("Questions? Contact us: 0800 100 200", "Acme Bank, Kampala & Nairobi"),
        "Stop e-mails of this kind",
    ):
        assert said in page.text, said
        assert said in content.body, said
    assert page.links == ["https://api.acme.example/", UNSUBSCRIBE]
    assert UNSUBSCRIBE in content.body


def test_nothing_that_was_written_becomes_markup():
    html = texts.render("system.general", "email", EVIL).html
    assert "<script" not in html
    assert "<b>" not in html
    assert "One<br>\nline." in html


def test_it_brings_its_styles_and_fetches_nothing():
    html = whole().html
    assert Page(html).tags.count("style") == 1  # for dark screens; mail programs may drop it
    assert "prefers-color-scheme: dark" in html
    assert "background-color:#123456" in html
    assert not re.search(r"<(img|link|script|iframe|svg)\b|url\(|@import", html)


def test_without_an_address_there_is_no_button_and_without_a_token_no_link():
    page = Page(texts.render("system.general", "email", EVIL).html)
    assert page.links == []
    assert "Open the app" not in page.text


def test_its_title_is_one_line():
    title = "Two\nlines, and more of it " * 7
    content = texts.render("system.general", "email", General(title=title, message="x"))
    assert "\n" not in content.title
    assert len(content.title) <= 120


def test_it_says_its_language():
    for language in CODES:
        html = texts.render("kyc.approved", "email", {}, locale=language).html
        assert f'<html lang="{language}">' in html
