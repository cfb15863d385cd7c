"""The demo's providers, and what the phone of a customer shows of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hoardrun.demo import current, outside, people
from hoardrun.demo.outside import Outside
from notifications.channels import registry
from notifications.channels.message import Target
from notifications.channels.options import options
from notifications.models import Address
from realtime.outgoing import Outcome, client
from tests.nodes import token_for
from tests.notifications.channels.support import message

NUMBER = people.NUMBERS[0]


@pytest.fixture
def amina(settings: Any, db: None) -> User:
    settings.DEBUG = True
    settings.DEMO_LOGINS = [
        {"username": name, "name": name, "password": "x", "role": "customer"}
        for name in ("amina", "brian")
    ]
    return User.objects.create(username="amina")


@pytest.fixture
def demo(amina: User, _calls: None, tmp_path) -> Iterator[Outside]:
    with outside.running("http://127.0.0.1:9", tmp_path) as found:
        people.equip(found)
        yield found
        client().close()
        client(registry.push_rules(options())).close()


def send(channel: Any, to: Address, **texts: str) -> None:
    target = Target(value=to.value, service=to.service, keys=to.keys or {})
    given = message(channel, to.value, service=to.service, keys=target.keys, **texts)
    [first, *_] = registry.providers(channel, target if channel == "push" else None)
    assert first.send(given).outcome is Outcome.ACCEPTED


def get(user: User, query: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token_for(user.pk)}"}
    return Client().get(f"/demo/phone{query}", headers=headers)


def test_a_phone_shows_what_each_provider_took_for_its_owner(demo, amina):
    brian = User.objects.create(username="brian")
    people.equip(demo)
    for row in Address.objects.filter(state="verified").order_by("pk"):
        name = row.user.get_username()
        send(row.channel, row, title=f"To {name}", body=f"Paid by {name}", html=f"<b>{name}</b>")
    for user in (amina, brian):
        found = get(user).json()
        name = user.get_username()
        assert [row["title"] for row in found["push"]] == [f"To {name}"]
        assert [row["text"] for row in found["sms"]] == [f"Paid by {name}"]
        assert [row["subject"] for row in found["email"]] == [f"To {name}"]
        page = Client().get(f"/demo/phone/mails/{found['email'][0]['id']}")
        assert f"<b>{name}</b>" in page.content.decode()
        assert "sandbox" in page["Content-Security-Policy"]
        assert get(user, f"?version={found['version']}").status_code == 204


def test_staff_looks_at_any_phone_of_the_demo_and_customers_at_their_own(demo, amina):
    staff = User.objects.create(username="staff", is_staff=True)
    brian = User.objects.create(username="brian")
    people.equip(demo)
    assert get(staff).json()["whose"] == "amina"
    assert get(staff, "?whose=brian").json()["people"] == ["amina", "brian"]
    assert get(staff, "?whose=staff").status_code == 404
    assert (get(brian, "?whose=amina").status_code, get(brian).json()["people"]) == (404, [])


def test_a_second_start_keeps_the_addresses_and_subscribes_a_new_browser(demo, amina):
    before = set(Address.objects.values_list("value", flat=True))
    people.equip(demo)
    after = set(Address.objects.filter(state="verified").values_list("value", flat=True))
    assert len(before) == len(after) == 3 and len(before & after) == 2


def test_an_answer_that_nobody_takes_is_refused(demo, amina):
    headers = {"Authorization": f"Bearer {token_for(amina.pk)}"}
    answer = Client().post(
        "/demo/phone", {"text": "STOP"}, content_type="application/json", headers=headers
    )
    assert answer.status_code == 400  # nothing serves at the site of this test


def test_there_is_no_phone_where_no_demo_runs(amina, settings):
    assert get(amina).status_code == 404
    assert Client().get("/demo/phone/mails/any").status_code == 404
    settings.DEBUG = False
    assert get(amina).status_code == 404


def test_no_stand_in_starts_outside_debug(settings, tmp_path):
    settings.DEBUG = False
    with (
        pytest.raises(RuntimeError, match="DEBUG"),
        outside.running("http://127.0.0.1:9", tmp_path),
    ):
        pass
    assert current.get() is None


def test_what_the_environment_sets_up_by_itself_is_left_alone(monkeypatch, amina, _calls, tmp_path):
    monkeypatch.setenv("EMAIL_HOST", "mail.acme.example")
    with outside.running("http://127.0.0.1:9", tmp_path):
        assert options().email_host == "mail.acme.example"
        assert options().sms_providers == ("africastalking", "twilio")
    assert (tmp_path / outside.KEY_FILE).stat().st_mode & 0o077 == 0
