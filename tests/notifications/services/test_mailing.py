"""A mailing reaches each user once, even when it is interrupted."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from notifications.models import Mailing, Notification
from notifications.services import mailing, notifications_send
from realtime import publish
from realtime.errors import Conflict, InvalidInput
from realtime.models import Event
from tests.notifications.support import told, types
from tests.services.locks import threads, wait_for_a_waiter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> list[User]:
    """Eight users, one of whom is inactive; a mailing takes two at a time."""
    monkeypatch.setattr(mailing, "CHUNK", 2)
    return [User.objects.create(username=f"user {n}", is_active=n != 3) for n in range(8)]


def send(**fields: Any) -> Mailing:
    return notifications_send(**{"key": "k", "title": "Hello", "message": "World", **fields})


def crash_after(done: int) -> Callable[[Mailing], None]:
    def crash(so_far: Mailing) -> None:
        if so_far.done >= done:
            raise KeyboardInterrupt

    return crash


def notified() -> list[int]:
    return sorted(Notification.objects.values_list("user_id", flat=True))


def test_every_active_user_gets_one_row_and_one_event(people: list[User]) -> None:
    done = send(priority="high", metadata={"a": 1})
    active = [user.pk for user in people if user.is_active]
    assert (done.done, done.total) == (7, 7)
    assert notified() == active
    for user in (people[0], people[5]):
        [event] = told(user)
        row = Notification.objects.get(user=user)
        assert event["data"]["id"] == str(row.pk)
        assert (event["data"]["title"], event["data"]["metadata"]) == ("Hello", {"a": 1})
        assert (row.title, row.message, row.metadata) == ("Hello", "World", {"a": 1})
        assert (row.priority, row.status, row.channels) == ("high", "unread", ["in_app"])
        assert row.published_at is not None
    assert told(people[3]) == []


def test_it_goes_on_where_it_was_cut_off(people: list[User]) -> None:
    with pytest.raises(KeyboardInterrupt):
        send(progress=crash_after(4))
    assert len(notified()) == 4
    late = User.objects.create(username="late")
    assert send().done == 7
    assert send().done == 7
    assert notified() == [user.pk for user in people if user.is_active]
    assert told(late) == []
    assert Event.objects.count() == 7


def test_it_notifies_exactly_those_named(people: list[User]) -> None:
    wanted = [people[6].pk, people[1].pk, people[4].pk, people[1].pk]
    assert send(user_ids=wanted).done == 3
    assert notified() == sorted({*wanted})
    assert types(told(people[1])) == ["notification"]


def test_users_deleted_during_a_mailing_do_not_stop_it(people: list[User]) -> None:
    wanted = [user.pk for user in people]

    def delete(so_far: Mailing) -> None:
        User.objects.filter(pk__in=wanted[2:6]).delete()

    assert send(user_ids=wanted, progress=delete).finished_at is not None
    assert notified() == [*wanted[:2], *wanted[6:]]


def test_a_key_means_one_text_and_one_audience(people: list[User]) -> None:
    send(user_ids=[people[0].pk])
    with pytest.raises(Conflict, match="new key"):
        send(user_ids=[people[0].pk], title="Other")
    with pytest.raises(Conflict):
        send()
    assert len(notified()) == 1


def test_an_unknown_user_is_named_and_no_one_is_notified(people: list[User]) -> None:
    with pytest.raises(InvalidInput, match="such as 999999"):
        send(user_ids=[people[0].pk, 999_999])
    assert notified() == []
    assert not Mailing.objects.exists()


def notify_text(*arguments: str) -> str:
    """Run the command; return what it says."""
    out = io.StringIO()
    text = ("--title", "Hello", "--message", "World", "--key", "k")
    call_command("notify", *text, *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def notify(*arguments: str) -> Any:
    return json.loads(notify_text("--json", *arguments))


def test_the_command_notifies_all_or_some(people: list[User], tmp_path: Path) -> None:
    assert notify("--all") == {"key": "k", "notified": 7, "total": 7, "new": 7}
    file = tmp_path / "ids"
    file.write_text(f"{people[1].pk}\n\n{people[2].pk}\n")
    assert notify("--users", str(file), "--key", "two")["notified"] == 2
    assert notify("--user", "user 5", "--key", "three")["notified"] == 1


def test_the_command_says_that_the_same_key_sent_nothing_new(people: list[User]) -> None:
    assert notify_text("--all") == "Mailing 'k': 7 users notified.\n"
    assert (
        notify_text("--all")
        == "Mailing 'k' was sent before: nothing new was sent, 7 users have it.\n"
    )
    assert len(notified()) == 7
    assert notify("--all", "--key", "l")["new"] == 7
    assert notify("--all", "--key", "l") == {"key": "l", "notified": 7, "total": 7, "new": 0}


def test_the_command_says_what_was_left_to_do(people: list[User]) -> None:
    with pytest.raises(KeyboardInterrupt):
        send(progress=crash_after(2))
    assert notify_text("--all") == "Mailing 'k': 5 users notified now, 7 in all.\n"


@pytest.mark.parametrize("content", ["1\nabc\n", "-5\n", "1,2\n"])
def test_a_line_that_is_no_id_is_named(people: list[User], tmp_path: Path, content: str) -> None:
    file = tmp_path / "ids"
    file.write_text(content)
    with pytest.raises(CommandError, match="one user id a line"):
        notify("--users", str(file))
    assert notified() == []


def test_a_missing_file_or_user_is_one_clear_sentence(people: list[User]) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        notify("--users", "/nowhere/at/all")
    with pytest.raises(CommandError, match="no user 'nobody'"):
        notify("--user", "user 1", "nobody")
    assert notified() == []


def test_an_interrupted_mailing_goes_on_without_deleted_users(people: list[User]) -> None:
    wanted = [user.pk for user in people]
    with pytest.raises(KeyboardInterrupt):
        send(user_ids=wanted, progress=crash_after(2))
    User.objects.filter(pk__in=(wanted[0], wanted[4])).delete()
    assert send(user_ids=wanted).finished_at is not None
    assert notified() == [wanted[1], *wanted[2:4], *wanted[5:]]


def test_a_user_deleted_during_a_chunk_does_not_stop_it(
    people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [user.pk for user in people]
    gone, real = people[3], publish.publish_many
    deleting: list[Future[Any]] = []

    def publish_many(messages: Any) -> Any:
        entries = real(messages)  # the streams are locked from here on
        if not deleting:
            deleting.append(call(User.objects.get(pk=gone.pk).delete))
            wait_for_a_waiter("the deletion waits for the mailing")
        return entries

    monkeypatch.setattr(mailing, "CHUNK", len(people))
    monkeypatch.setattr(mailing, "publish_many", publish_many)
    with threads() as call:
        assert send(user_ids=wanted).finished_at is not None
    assert set(notified()) >= set(wanted) - {gone.pk}
    # The deletion may have to be repeated: the user has just got a notification.
    assert isinstance(deleting[0].exception(), IntegrityError | None)
