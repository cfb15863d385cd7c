"""`manage.py why`, from a shell."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from notifications.addresses.values import address_hash
from notifications.models import Notification
from realtime import clock
from tests.notifications.delivery.support import HOUR, NUMBER, address
from tests.notifications.trace.support import debit, sms


def why(*arguments: Any) -> str:
    out = StringIO()
    call_command("why", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_it_says_why_in_words(alice):
    row = debit(alice)
    text = why("alice", row.pk)
    assert f"Notification {row.pk} (transaction.debit) to user {alice.pk}" in text
    assert "To change that: " in text and "What happened (times in UTC)" in text
    assert "World" not in text
    assert "Message: World" in why("alice", row.pk, "--content")


def test_it_prints_json(alice):
    row = debit(alice)
    found = json.loads(why("alice", row.pk, "--json"))
    assert found["notification_id"] == str(row.pk) and found["reach"] == "none"


def test_it_lists_what_a_user_got(alice):
    row = debit(alice)
    assert f" {row.pk}  user {alice.pk}  transaction.debit: not seen" in why("alice")
    Notification.objects.update(created_at=clock.now() - 3 * HOUR)
    assert why("alice", "--since", "2h") == "Nothing was found.\n"
    assert str(row.pk) in why("alice", "--since", "1d")
    assert json.loads(why("alice", "--since", "2040-01-01", "--json")) == []


def test_it_finds_by_an_address_and_by_an_id(alice):
    to = address(alice, "sms", NUMBER, hash=address_hash("sms", NUMBER))
    row = debit(alice)
    sms(row, to=to, provider="twilio", provider_id="SM1")
    for arguments in (("--to", NUMBER), ("--provider-id", "SM1")):
        assert f"{row.pk}  user {alice.pk}" in why(*arguments)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ([], "Whose?"),
        (["nobody"], "There is no user 'nobody'"),
        (["alice", "4711"], "There is no notification 4711"),
        (["alice", "x"], "no whole number"),
        (["alice", "--to", NUMBER], "one of them"),
        (["alice", "--since", "soon"], "is no time"),
    ],
)
def test_it_refuses_what_it_cannot_answer(alice, arguments, error):
    with pytest.raises(CommandError, match=error.replace("?", r"\?")):
        why(*arguments)


def test_it_says_nothing_of_another_users(alice, bob):
    row = debit(bob)
    with pytest.raises(CommandError, match="not one of this user's"):
        why("alice", row.pk)
