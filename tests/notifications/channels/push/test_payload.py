"""What a push message says, and how long it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from notifications.channels.message import Action
from notifications.channels.push import payload
from tests.notifications.channels.support import message

ORIGIN = "https://api.acme.example"


def test_browsers_that_know_the_form_show_it_by_themselves():
    given = message("push", "x", title="Paid", body="KES 250", unread=3)
    found = payload.declarative(given, ORIGIN)
    shown = found["notification"]
    assert (found["web_push"], found["mutable"], found["app_badge"]) == (8030, True, 3)
    assert (shown["title"], shown["body"], shown["lang"]) == ("Paid", "KES 250", "en")
    assert shown["navigate"] == "https://api.acme.example/a/17"
    assert (shown["tag"], shown["renotify"], shown["app_badge"]) == ("88", True, "3")
    assert shown["timestamp"] == int(given.happened_at.timestamp() * 1000)
    assert shown["data"] == {
        "id": "88", "kind": "transaction.debit", "category": "transaction", "user": "17",
        "url": "/a/17", "receipt": "4711:signed",
    }  # fmt: skip


BUTTONS = (Action("was_me", "It was me"), Action("was_not_me", "It wasn't me"))


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("/security", "/security?notification=88&action=was_me"),
        ("/a?b=1#top", "/a?b=1&notification=88&action=was_me#top"),
        ("//evil.example", "/?notification=88&action=was_me"),
    ],
)
def test_a_button_leads_to_where_the_app_confirms_it(url: str, place: str):
    found = payload.declarative(message("push", "x", url=url, actions=BUTTONS), ORIGIN)
    first, second = found["notification"]["actions"]
    assert first == {"action": "was_me", "title": "It was me", "navigate": f"{ORIGIN}{place}"}
    assert (second["action"], second["title"]) == ("was_not_me", "It wasn't me")


def test_without_buttons_nothing_is_said_of_them():
    given = message("push", "x")
    assert "actions" not in payload.declarative(given, ORIGIN)["notification"]
    assert payload.for_app(given) == payload.data(given)


def test_an_app_gets_the_buttons_as_text_in_the_readers_language():
    found = payload.for_app(message("push", "x", actions=BUTTONS))
    assert json.loads(found["actions"])[1] == {"name": "was_not_me", "title": "It wasn't me"}
    assert {type(value) for value in found.values()} == {str}


def test_without_a_count_the_badge_stays_as_it_is():
    found = payload.declarative(message("push", "x"), ORIGIN)
    assert "app_badge" not in found and "app_badge" not in found["notification"]


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "", "/a/../b"],
)
def test_nothing_leads_to_another_origin(url: str):
    found = payload.declarative(message("push", "x", url=url), ORIGIN)
    assert found["notification"]["navigate"] == f"{ORIGIN}/"
    assert found["notification"]["data"]["url"] == "/"


@given(some.text(min_size=1, max_size=60))
def test_a_topic_is_what_mozilla_takes_and_the_same_each_time(identifier: str):
    given = message("push", "x", notification_id=identifier)
    found = payload.topic(given)
    assert found.isascii() and found.isalnum() and len(found) <= 32
    assert found == payload.topic(given)
    assert found != payload.topic(message("push", "x", notification_id=identifier + "0"))


def test_lengths_tell_no_amounts():
    lengths = {
        len(payload.padded(payload.declarative(message("push", "x", body=f"KES {amount}"), ORIGIN)))
        for amount in ("1", "250", "1,250,000.00")
    }
    assert len(lengths) == 1
    assert lengths.pop() % 256 == 0


def build(given):
    return payload.padded(payload.declarative(given, ORIGIN))


@given(some.text(max_size=900), some.text(min_size=1, max_size=4000))
def test_a_long_text_is_cut_to_what_fits_and_no_further(title: str, body: str):
    given = message("push", "x", title=title, body=body)
    found = payload.fitted(given, build, payload.MAX_WEB)
    assert len(found) <= payload.MAX_WEB < 3000
    shown = json.loads(found)["notification"]
    if len(build(given)) <= payload.MAX_WEB:
        assert (shown["title"], shown["body"]) == (title, body)
    elif shown["body"]:
        assert shown["body"].endswith("…")
        assert body.startswith(shown["body"][:-1].rstrip("…")) or shown["body"] == body


def test_a_text_is_cut_between_letters():
    given = message("push", "x", body="ŋ" * 3000)
    shown = json.loads(payload.fitted(given, build, payload.MAX_WEB))["notification"]
    assert set(shown["body"]) == {"ŋ", "…"}
    assert len(shown["body"]) > 900
