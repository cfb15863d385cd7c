"""The e-mail address of an account becomes an address once, and is proven only if that is set."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from notifications.addresses.adoption import addresses_adopt
from notifications.delivery.judge import judge_due
from notifications.models import Address
from tests.clients import api_as
from tests.notifications.addresses.conftest import Outside
from tests.notifications.delivery import support

pytestmark = pytest.mark.django_db
EMAIL = "amina@example.org"


@pytest.fixture
def amina() -> User:
    return User.objects.create_user("amina", email=EMAIL)


def shown() -> list[tuple[str, str]]:
    return list(Address.objects.order_by("pk").values_list("value", "state"))


def test_it_is_taken_over_once_and_gets_nothing_before_its_code(
    amina: User, outside: Outside
) -> None:
    row = support.committed(amina, "security.pin_changed")
    judge_due()
    assert shown() == [(EMAIL, "unverified")]
    assert support.deliveries(row, "email") == [("email", "skipped", "unverified")]
    Address.objects.update(state="removed", value="")
    assert addresses_adopt([amina.pk]) == 0  # its owner has removed it


def test_its_owner_sees_it_and_proves_it(amina: User, outside: Outside) -> None:
    client = api_as(amina)
    [found] = client.get("/api/v1/addresses").json()
    assert (found["value"], found["state"]) == (EMAIL, "unverified")
    url = f"/api/v1/addresses/{found['id']}"
    assert client.post(f"{url}/code").status_code == 200
    assert client.post(f"{url}/verify", {"code": outside.code()}).json()["state"] == "verified"


def test_a_deployment_that_proves_addresses_itself_sends_at_once(
    amina: User, settings: Any
) -> None:
    settings.CHANNELS = {"ACCOUNT_EMAILS_VERIFIED": True}
    twin = User.objects.create_user("twin", email=EMAIL.upper())
    assert addresses_adopt([amina.pk, twin.pk]) == 2
    assert shown() == [(EMAIL, "verified"), ("AMINA@example.org", "unverified")]
    other = User.objects.create_user("other", email=EMAIL)
    addresses_adopt([other.pk])
    assert Address.objects.get(user=other).state == "unverified"


@pytest.mark.parametrize("text", ["", "nonsense", "a@b"])
def test_what_is_no_address_is_not_taken_over(text: str) -> None:
    user = User.objects.create_user("amina", email=text)
    assert addresses_adopt([user.pk]) == 0
    assert shown() == []
