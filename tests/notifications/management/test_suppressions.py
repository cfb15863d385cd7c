"""`manage.py suppressions`, from a shell."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from notifications.addresses.values import address_hash
from notifications.models import Suppression, SuppressionLift
from realtime import clock
from tests.clients import staff_with
from tests.notifications.delivery.support import NUMBER


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command("suppressions", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def row(db: None) -> Suppression:
    return Suppression.objects.create(
        channel="sms", hash=address_hash("sms", NUMBER), reason="complained", source="twilio",
        created_at=clock.now(),
    )  # fmt: skip


def test_it_lists_by_address_hash_and_channel(row):
    for found in (run(), run(NUMBER), run("+256 772 000001"), run(row.hash), run("--channel=sms")):
        assert f"{row.pk}  20" in found and "complained  twilio" in found
    for nothing in (run("a@b.example"), run("--channel=email"), run("0" * 64)):
        assert nothing == "There is none.\n"
    [found] = json.loads(run("--json"))
    assert (found["id"], found["hash"], found["until"]) == (row.pk, row.hash, None)


def test_two_people_lift_after_a_complaint(row, alice, bob):
    staff_with(bob, "lift_suppression")
    staff_with(alice, "decide_suppressionlift")
    assert "waiting" in run("--lift", row.pk, "--by=bob", "--why=He called.")
    [waiting] = json.loads(run("--waiting", "--json"))
    assert (waiting["asked_by"], waiting["why"]) == (bob.pk, "He called.")
    assert "lifted" in run("--confirm", waiting["id"], "--by=alice")
    assert not Suppression.objects.exists()
    assert run("--waiting") == "There is none.\n"


def test_a_request_is_taken_back(row, bob):
    staff_with(bob, "lift_suppression")
    run("--lift", row.pk, "--by=bob", "--why=x")
    assert "rejected" in run("--reject", SuppressionLift.objects.get().pk, "--by=bob")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--why=x"], "Who decides"),
        (["--why=x", "--by=nobody"], "no user"),
        (["--why=x", "--by=alice"], "no member of staff with"),
        (["--by=bob"], "why:"),
    ],
)
def test_it_refuses_without_a_name_a_right_or_a_reason(row, alice, bob, arguments, error):
    staff_with(bob, "lift_suppression")
    with pytest.raises(CommandError, match=error):
        run("--lift", row.pk, *arguments)
    assert Suppression.objects.exists()
