"""`manage.py announce`, from a shell."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notifications.models import Announcement
from tests.notifications.support import announced, titles


def announce(*arguments: str) -> str:
    out = StringIO()
    call_command("announce", *arguments, stdout=out)
    return out.getvalue()


def test_it_publishes_in_the_name_of_the_first_superuser(charlie):
    assert "is published: offset 1 of announcements" in announce("Hello", "World")
    assert Announcement.objects.get().author == charlie
    assert titles(announced()) == ["Hello"]


def test_it_prints_json(alice):
    outcome = json.loads(
        announce("Hello", "World", "--severity=service", "--author=alice", "--json")
    )
    assert (outcome["severity"], outcome["offset"]) == ("service", 1)
    assert outcome["published_at"] is not None


def test_it_leaves_a_later_one_to_the_nodes(charlie):
    assert "is scheduled for 2040-01-01" in announce("Hi", "You", "--starts-at=2040-01-01T00:00Z")
    assert announced() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["", "World"], "title: must not be empty"),
        (["Hello", "World", "--severity=grave"], "invalid choice"),
        (["Hello", "World", "--starts-at=soon"], "is not a time"),
        (["Hello", "World", "--ends-at=2001-01-01"], "ends_at: lies in the past"),
        (["Hello", "World", "--author=nobody"], "There is no user 'nobody'"),
    ],
)
def test_it_refuses_bad_input_and_writes_nothing(charlie, arguments: list[str], says: str):
    with pytest.raises(CommandError, match=says):
        announce(*arguments)
    assert not Announcement.objects.exists()


def test_it_says_what_to_do_without_a_superuser(alice):
    with pytest.raises(CommandError, match="createsuperuser"):
        announce("Hello", "World")
