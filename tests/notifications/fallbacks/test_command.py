"""`manage.py fallback`, and `announce --emergency`, from a shell."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notifications.delivery.worker import Worker
from notifications.models import Announcement, Fallback
from realtime import clock
from tests.notifications.fallbacks.support import HOUR, approver, due, people

pytestmark = pytest.mark.django_db
ARGUMENTS = ("announce", "Stopped", "Money is safe.", "--emergency")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_two_people_send_it_and_a_third_follows(charlie, outside):
    people(2)
    said = run(*ARGUMENTS, "--sms=sw=Pesa ziko salama.")
    assert "at most 2 SMS of 1 segment(s); no provider has told a price yet" in said
    number = str(Announcement.objects.get().pk)
    with pytest.raises(CommandError, match="Say with --by"):
        run("fallback", number, "--approve")
    with pytest.raises(CommandError, match="somebody else"):
        run("fallback", number, "--approve", "--by=charlie")
    approver()
    assert "waiting for devices" in run("fallback", number, "--approve", "--by=approver")
    Fallback.objects.update(due_at=clock.now() - HOUR)
    Worker(["sms"]).run_once()
    said = run("fallback", number, "--follow")
    assert "finished. Of 4 users 0 have it, 2 have no number. SMS: 2 accepted." in said


def test_it_prints_json_and_cancels(charlie, outside):
    shown = json.loads(run(*ARGUMENTS, "--json"))["fallback"]
    assert (shown["state"], shown["sent"]) == ("waiting_for_approval", {})
    number = str(shown["announcement_id"])
    cancelled = json.loads(run("fallback", number, "--cancel", "--by=charlie", "--json"))
    assert (cancelled["state"], cancelled["cancelled_by"]) == ("cancelled", "charlie")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["announce", "a", "b", "--sms=sw=x"], "goes with --emergency"),
        ([*ARGUMENTS, "--sms=Hello"], "no text of a language"),
        ([*ARGUMENTS, "--sms=xx=Hello"], "none of en, sw, fr, lg"),
        (["fallback", "12345"], "is not followed by SMS"),
    ],
)
def test_it_refuses_what_cannot_be_and_writes_nothing(charlie, arguments, says):
    with pytest.raises(CommandError, match=says):
        run(*arguments)
    assert not Announcement.objects.exists()


def test_following_ends_with_what_was_cancelled(charlie, outside):
    fallback = due()
    Fallback.objects.update(cancelled_at=clock.now(), finished_at=clock.now())
    assert "cancelled" in run("fallback", str(fallback.pk), "--follow")
