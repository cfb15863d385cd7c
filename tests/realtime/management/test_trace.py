"""`manage.py trace`: what it takes, what it prints, and its exit codes."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F

from realtime import clock, log_context
from realtime.log_context import Work
from realtime.management.commands import trace as command
from realtime.models import Cursor, Departure, Event, Stream
from realtime.protocol.published import AccessChanged
from realtime.publish import publish
from realtime.streams import ANNOUNCEMENTS, user_stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def amina(db: None) -> User:
    return User.objects.create_user("amina")


@pytest.fixture
def event(amina: User) -> Event:
    return published(user_stream(amina.pk))


def published(stream: str) -> Event:
    with transaction.atomic():
        offset = publish(stream, AccessChanged(change="rights")).offset
    return Event.objects.get(stream__name=stream, offset=offset)


def left(user: User, event: Event, *, acked: int) -> None:
    """Leave a phone that was there at the event, and has acknowledged up to an offset."""
    stream = Stream.objects.get(name=user_stream(user.pk))
    opened = clock.now() - timedelta(hours=1)
    Departure.objects.create(
        connection_id="p1", user=user, device="phone", code=1001, opened_at=opened,
        closed_at=clock.now() + timedelta(seconds=1), written={stream.name: acked},
        acked={stream.name: acked}, notes=[{"kind": "live", "stream": stream.name}],
    )  # fmt: skip
    Cursor.objects.create(user=user, device="phone", stream=stream, epoch=stream.epoch, acked=acked)


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    code = 0
    try:
        call_command("trace", *arguments, stdout=out)
    except SystemExit as ended:
        code = int(str(ended.code))
    return code, out.getvalue()


def test_an_event_that_a_device_has_ends_with_0(amina: User, event: Event) -> None:
    left(amina, event, acked=event.offset)
    code, text = run(f"{user_stream(amina.pk)}:{event.offset}")
    assert code == 0
    assert text.startswith(f"Event {event.offset} of user:{amina.pk} (access_changed): delivered.")
    assert "phone: delivered." in text and "What happened (times in UTC)" in text


def test_the_request_that_published_an_event_is_named(amina: User) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    token = log_context.work.set(Work("req-7", traceparent=parent))
    try:
        event = published(user_stream(amina.pk))
    finally:
        log_context.work.reset(token)
    text = run(str(event.pk))[1]
    assert f"Its trace elsewhere: {parent}" in text
    assert "Published by request req-7." in text


def test_an_event_that_no_device_has_ends_with_3(amina: User, event: Event) -> None:
    code, text = run(str(event.pk))
    assert code == command.NOT_THERE
    assert "not connected" in text


def test_an_event_of_which_nothing_is_known_ends_with_4(amina: User, event: Event) -> None:
    assert run(f"{ANNOUNCEMENTS}:{published(ANNOUNCEMENTS).offset}")[0] == command.NOT_KNOWN


def test_an_event_for_everybody_is_traced_for_a_user(amina: User) -> None:
    offset = published(ANNOUNCEMENTS).offset
    code, text = run(f"{ANNOUNCEMENTS}:{offset}", "--user", "amina", "--json")
    assert (code, json.loads(text)["user_id"]) == (command.NOT_THERE, amina.pk)


@pytest.mark.parametrize("form", ["amina", "user:{}"])
def test_a_user_is_traced_by_name_and_by_id(amina: User, event: Event, form: str) -> None:
    left(amina, event, acked=0)
    code, text = run(form.format(amina.pk), "--json")
    found = json.loads(text)
    assert (code, found["user_id"], found["head"]) == (0, amina.pk, event.offset)
    assert found["devices"][0]["behind"] == event.offset
    assert found["events"][0]["verdict"] == "not_connected"
    assert "The last events" in run(form.format(amina.pk))[1]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("nobody", "neither an event nor a user"),
        ("999999999", "no event with the id"),
        ("user:999999:5", "no stream"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(db: None, asked: str, why: str) -> None:
    with pytest.raises(CommandError, match=why):
        run(asked)


def test_a_user_is_for_events_only(amina: User) -> None:
    with pytest.raises(CommandError, match="event for everybody"):
        run("amina", "--user", "amina")


def test_it_goes_on_and_prints_what_has_changed(
    amina: User, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            left(amina, event, acked=event.offset)
        if len(looks) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "sleep", sleep)
    code, text = run(f"{user_stream(amina.pk)}:{event.offset}", "--follow")
    news = text.partition("What happened")[2]
    assert code == 0 and len(looks) == 4
    assert news.count("phone: delivered.") == 1
    assert news.count("phone: disconnected with code 1001.") == 1


def test_an_id_that_is_a_name_of_a_user_is_an_event(amina: User, event: Event) -> None:
    User.objects.create_user(str(event.pk))
    assert json.loads(run(str(event.pk), "--json")[1])["event_id"] == event.pk


def test_a_device_that_had_left_is_told_with_the_time(amina: User, event: Event) -> None:
    left(amina, event, acked=0)
    Departure.objects.update(closed_at=F("opened_at") + timedelta(minutes=1))
    code, text = run(f"{user_stream(amina.pk)}:{event.offset}")
    assert code == command.NOT_THERE and "left at" in text
