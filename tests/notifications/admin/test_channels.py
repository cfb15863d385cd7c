"""The page of channels: who stops what, with which reason, and what is left of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from notifications.delivery.readings import ROLES
from realtime import clock
from realtime.models import Host
from realtime.outgoing import heartbeat, pacing
from tests.clients import browser_as, count_queries, said, staff_with
from tests.services.admin_log import act_of

URL = "/admin/notifications/channels/"
SET_UP = {
    "PUBLIC_BASE_URL": "https://api.acme.example",
    "SMS_PROVIDERS": ("africastalking",),
    "SMS_COUNTRIES": ("UG",),
    "AFRICASTALKING_USERNAME": "acme",
    "AFRICASTALKING_API_KEY": "the-key",
}


@pytest.fixture
def operator(alice: User, settings: Any) -> Client:
    settings.CHANNELS = SET_UP
    return browser_as(staff_with(alice, "view_host", "change_host"))


def stop(browser: Client, name: str, why: str = "It loops.") -> list[str]:
    return said(browser.post(URL, {"name": name, "act": "stop", "why": why}, follow=True))


@pytest.mark.parametrize("name", ["channel:sms", "africastalking", "twilio", "push:push.example"])
def test_staff_stop_what_is_called_and_let_it_go_on(operator: Client, alice: User, name: str):
    pacing.take("push:push.example", 10)
    assert stop(operator, name) == [f"{name}: Stopped: It loops."]
    assert pacing.blocked([name]) == {name: "stopped"}
    host = Host.objects.get(pk=name)
    assert (host.stopped_by, host.stopped_why) == (f"staff:{alice.pk}", "It loops.")
    assert "It loops." in operator.get(URL).content.decode()
    operator.post(URL, {"name": name, "act": "go_on"})
    assert pacing.blocked([name]) == {}
    entries = LogEntry.objects.order_by("pk").values_list("user", "object_id", "change_message")
    assert [(user, key, act_of(said)) for user, key, said in entries] == [
        (alice.pk, name, "Stopped: It loops."),
        (alice.pk, name, "Let it go on."),
    ]


@pytest.mark.parametrize("why", ["", " ", "x" * 201])
def test_a_stop_takes_a_reason(operator: Client, why: str) -> None:
    [said_so] = stop(operator, "channel:sms", why)
    assert "why" in said_so or "200" in said_so
    assert not Host.objects.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("name", ["channel:pigeon", "push:nobody.example", "sms"])
def test_what_nobody_calls_is_not_found(operator: Client, name: str) -> None:
    answer = operator.post(URL, {"name": name, "act": "stop", "why": "It loops."})
    assert answer.status_code == 404
    assert not Host.objects.exists()


def test_the_right_to_look_stops_nothing(bob: User, settings: Any) -> None:
    settings.CHANNELS = SET_UP
    guest = browser_as(staff_with(bob, "view_host"))
    page = guest.get(URL).content.decode()
    assert "Channels and providers" in page
    assert "<form class=" not in page
    assert guest.post(URL, {"name": "channel:sms", "act": "stop", "why": "x"}).status_code == 403
    assert not Host.objects.exists()
    nobody = browser_as(staff_with(bob, "change_host", "view_delivery"))
    assert nobody.get(URL).status_code == 403
    assert nobody.post(URL, {"name": "channel:sms", "act": "stop", "why": "x"}).status_code == 403


def test_it_says_that_no_worker_runs(operator: Client) -> None:
    assert "No worker does this: judge, sms." in operator.get(URL).content.decode()
    heartbeat.beat("judge")
    assert "No worker does this: sms." in operator.get(URL).content.decode()
    for role in ROLES:
        heartbeat.beat(role)
    page = operator.get(URL).content.decode()
    assert "No worker does this" not in page
    assert ">runs<" in page


def test_a_breaker_that_is_open_shows(operator: Client) -> None:
    Host.objects.create(
        name="africastalking", failures=7, opened_until=clock.now() + timedelta(minutes=1),
        updated_at=clock.now(),
    )  # fmt: skip
    page = operator.get(URL).content.decode()
    assert "fails, rests" in page
    assert "7 failures in a row" in page
    assert "the-key" not in page


def test_it_takes_as_many_queries_whatever_there_is(operator: Client) -> None:
    before = count_queries(operator, URL)
    for number in range(20):
        pacing.take(f"push:push-{number}.example", 10)
    assert count_queries(operator, URL) == before < 40
