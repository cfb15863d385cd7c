"""The admin's page "Trace": of an event, of a user, and who may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client

from realtime import clock
from realtime.models import Departure, Event
from realtime.protocol.published import AccessChanged
from realtime.publish import publish
from realtime.streams import ANNOUNCEMENTS, user_stream
from realtime.trace import contributors
from realtime.trace.report import Entry

pytestmark = pytest.mark.django_db

URL = "/admin/realtime/trace/"


@pytest.fixture
def amina(db: None) -> User:
    return User.objects.create_user("amina")


@pytest.fixture
def staff(db: None) -> User:
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_departure"))
    return user


@pytest.fixture
def event(amina: User) -> Event:
    stream = user_stream(amina.pk)
    opened = clock.now() - timedelta(hours=1)
    Departure.objects.create(
        connection_id="p1", user=amina, device="phone", code=4503, opened_at=opened,
        closed_at=clock.now() + timedelta(minutes=1), written={stream: 0}, queued=2048,
        notes=[
            {"kind": "live", "stream": stream},
            {"kind": "filter", "stream": stream, "types": ["balance"]},
        ],
    )  # fmt: skip
    with transaction.atomic():
        offset = publish(stream, AccessChanged(change="rights")).offset
    return Event.objects.get(stream__name=stream, offset=offset)


def page(client: Client, user: User, query: str = "") -> str:
    client.force_login(user)
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_an_event_is_shown_with_the_answer_by_device(
    client: Client, staff: User, amina: User, event: Event
) -> None:
    text = page(client, staff, f"?q={user_stream(amina.pk)}:{event.offset}")
    assert "The client read too slowly" in text and "phone" in text
    assert "from 0 on only: balance" in text and "2.0" in text
    assert "amina</a>" in text and "What happened" in text
    assert "The row" not in text  # that needs another right


def test_a_user_is_shown_with_devices_and_events(
    client: Client, staff: User, amina: User, event: Event
) -> None:
    text = page(client, staff, "?q=amina")
    assert "not connected" in text and "access_changed" in text
    assert f'href="?q={user_stream(amina.pk)}:{event.offset}"' in text


def test_an_event_for_everybody_is_shown_for_a_user(
    client: Client, staff: User, amina: User
) -> None:
    with transaction.atomic():
        offset = publish(ANNOUNCEMENTS, AccessChanged(change="rights")).offset
    assert "name a user" in page(client, staff, f"?q={ANNOUNCEMENTS}:{offset}")
    assert "Not connected" in page(client, staff, f"?q={ANNOUNCEMENTS}:{offset}&user=amina")


def test_what_is_not_there_is_said_and_the_forms_are_shown(client: Client, staff: User) -> None:
    text = page(client, staff, "?q=nobody%3Cb%3E")
    assert 'role="alert"' in text and "neither an event nor a user" in text
    assert "<b>" not in text
    assert "<code>user:17:42</code>" in page(client, staff)


@pytest.mark.parametrize("asked", ["user:²:1", "user:" + "9" * 5000 + ":1", "user:7:" + "9" * 30])
def test_numbers_that_are_none_are_not_there(client: Client, staff: User, asked: str) -> None:
    assert "neither an event nor a user" in page(client, staff, f"?q={asked}")


def test_a_look_is_one_line_of_the_log(
    client: Client, staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "realtime.admin.trace"):
        page(client, staff, "?q=announcements:1%0AINFO root forged&user=amina%0Aforged")
    [line] = [one.getMessage() for one in caplog.records if one.name == "realtime.admin.trace"]
    assert "\n" not in line and line.endswith(f"was traced in the admin by {staff.pk}")
    assert "announcements:1" in line and "amina" in line


def test_what_an_app_knows_needs_its_right(
    client: Client, staff: User, amina: User, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contributors, "_contributors", {})
    at = "2026-11-30T12:00:00.000Z"
    contributors.register(
        "shop",
        of_event=lambda stream, event: [Entry(at=at, source="shop", text="Sold.")],
        find=lambda number: (user_stream(amina.pk), event.offset),
        right="realtime.view_webhook",
    )
    assert "Sold." not in page(client, staff, f"?q={event.pk}")
    text = page(client, staff, "?q=shop:1")
    assert "neither an event nor a user" in text and "shop:42" not in text
    staff.user_permissions.add(Permission.objects.get(codename="view_webhook"))
    staff = User.objects.get(pk=staff.pk)  # rights are kept with a user
    assert "Sold." in page(client, staff, f"?q={event.pk}")
    assert "Sold." in page(client, staff, "?q=shop:1")
    assert "shop:42" in page(client, staff)


def test_staff_without_the_right_is_refused(client: Client) -> None:
    client.force_login(User.objects.create_user("other", is_staff=True))
    assert client.get(URL).status_code == 403


def test_the_pages_of_an_event_and_of_a_user_lead_there(
    client: Client, event: Event, amina: User
) -> None:
    client.force_login(User.objects.create_superuser("root"))
    row = client.get(f"/admin/realtime/event/{event.pk}/change/").content.decode()
    assert f"{URL}?q={event.pk}" in row
    user = client.get(f"/admin/auth/user/{amina.pk}/change/").content.decode()
    assert f"{URL}?q=user:{amina.pk}" in user
