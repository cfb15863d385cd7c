"""The engine in the admin, which shows and never changes it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from notifications.messages import SystemAnnouncement
from realtime.models import Cursor, Event, Host, Node, Stream
from realtime.outgoing import pacing
from realtime.publish import publish
from realtime.streams import ANNOUNCEMENTS, user_stream
from tests.clients import count_queries
from tests.services.admin_log import act_of
from tests.stored import append

PAGES = ("stream", "event", "cursor", "node")


def fill(first: int, last: int) -> None:
    """Add users, each with a stream, an event, a cursor and a node."""
    for number in range(first, last):
        user = User.objects.create_user(f"user-{number}")
        append(user_stream(user.pk), "<b>")
        stream = Stream.objects.get(name=user_stream(user.pk))
        Cursor.objects.create(user=user, device="phone", stream=stream, epoch=stream.epoch, acked=0)
        now = timezone.now()
        Node.objects.create(id=f"n{number}", host="host", pid=number, started_at=now, seen_at=now)


def page(admin: Client, name: str, **query: str) -> str:
    answer = admin.get(f"/admin/realtime/{name}/", query)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("name", PAGES)
def test_a_list_of_any_size_takes_the_same_queries(admin: Client, name: str) -> None:
    counts = []
    for first, last in ((0, 2), (2, 20)):
        fill(first, last)
        counts.append(count_queries(admin, f"/admin/realtime/{name}/"))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", [Stream, Event, Cursor, Node])
def test_it_offers_no_change(admin: Client, model: type) -> None:
    fill(0, 1)
    row = model.objects.get()  # type: ignore[attr-defined]
    url = f"/admin/realtime/{model.__name__.lower()}"
    assert admin.get(f"{url}/{row.pk}/change/").status_code == 200
    for path in (f"{url}/add/", f"{url}/{row.pk}/change/", f"{url}/{row.pk}/delete/"):
        assert admin.post(path, {"post": "yes"}).status_code == 403
    admin.post(f"{url}/", {"action": "delete_selected", "_selected_action": [row.pk]})
    assert model.objects.get() == row  # type: ignore[attr-defined]


def test_a_stream_links_to_its_events(admin: Client) -> None:
    fill(0, 2)
    stream = Stream.objects.order_by("pk")[0]
    assert f'?stream__id__exact={stream.pk}">1</a>' in page(admin, "stream")
    found = page(admin, "event", stream__id__exact=str(stream.pk))
    assert stream.name in found
    assert "1 event" in found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("{stream}", 1),
        ("{stream} 1", 1),
        ("{stream} 2", 0),
        ("{stream} balance_update", 1),
        ("{stream} notification", 0),
        ("1", 0),  # no stream is called so
        ("balance_update", 0),
        ("9" * 5000, 0),
    ],
)
def test_events_are_found_by_stream_offset_and_type(admin: Client, words: str, found: int) -> None:
    fill(0, 2)
    name = Stream.objects.order_by("pk")[0].name
    html = page(admin, "event", q=words.format(stream=name))
    assert html.count('class="field-offset') == found


def test_a_search_of_events_without_a_stream_says_how_to_search(admin: Client) -> None:
    assert "There is no stream &#x27;balance_update&#x27;; begin with one." in page(
        admin, "event", q="balance_update"
    )


def test_a_payload_is_shown_indented_and_escaped(admin: Client) -> None:
    fill(0, 1)
    html = page(admin, f"event/{Event.objects.get().pk}/change")
    assert "&quot;account_id&quot;: &quot;1&quot;" in html
    assert "&lt;b&gt;" in html
    assert "<b>&quot;" not in html


def test_lists_show_which_nodes_live_and_which_devices_lag(admin: Client) -> None:
    fill(0, 1)
    assert "icon-yes" in page(admin, "node")
    Node.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    assert "icon-no" in page(admin, "node")
    assert 'class="field-behind">1<' in page(admin, "cursor")
    Stream.objects.update(epoch="other")
    assert "another epoch" in page(admin, "cursor")


def test_an_event_shows_its_count_of_sockets_where_there_is_one(admin: Client) -> None:
    fill(1, 2)
    publish(ANNOUNCEMENTS, SystemAnnouncement(id="1", title="t", message="m"))
    Event.objects.filter(stream__name=ANNOUNCEMENTS).update(reached=41)
    html = page(admin, "event")
    assert "Sent to sockets" in html
    cells = re.findall(r'class="field-sockets[^"]*">([^<]*)<', html)
    assert cells == ["41", "not counted"]  # the newest first


def test_staff_stop_a_provider_and_let_it_go_on(admin: Client) -> None:
    url = "/admin/realtime/host"
    answer = admin.post(f"{url}/add/", {"name": "channel:sms", "stopped_why": "It loops."})
    assert answer.status_code == 302
    assert pacing.blocked(["channel:sms"]) == {"channel:sms": "stopped"}
    host = Host.objects.get()
    staff = User.objects.get(username="charlie")
    assert (host.stopped_by, host.stopped_why) == (f"staff:{staff.pk}", "It loops.")
    assert "stopped" in page(admin, "host")
    admin.post(f"{url}/channel_3Asms/change/", {"stopped_why": ""})
    assert pacing.blocked(["channel:sms"]) == {}
    entries = LogEntry.objects.filter(object_id="channel:sms").order_by("pk")
    said = [act_of(str(each.change_message)) for each in entries]
    assert said == ["Stopped: It loops.", "Let it go on."]
    assert admin.post(f"{url}/channel_3Asms/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("why", ["", "  "])
def test_a_stop_without_a_reason_is_refused_and_makes_no_row(admin: Client, why: str) -> None:
    answer = admin.post("/admin/realtime/host/add/", {"name": "channel:sms", "stopped_why": why})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"stopped_why"}
    assert not Host.objects.exists()
    assert not LogEntry.objects.exists()
