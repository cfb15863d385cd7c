"""Whose wallet a number is: asked where a provider says it and answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hoardrun.payments.calling.hosts import host
from hoardrun.payments.calling.name_check import owner_of
from realtime.outgoing import pacing
from tests.hoardrun.payments.calling.support import PHONE, TOKEN, Provider, provider, reached
from tests.realtime.outgoing.servers import answer

pytestmark = pytest.mark.django_db
NAME = answer(200, b'{"given_name":"Amina","family_name":"Nakato"}')
WHOSE: dict[str, Any] = {"msisdn": PHONE, "country": "UG", "currency": "UGX"}


@pytest.fixture
def mtn() -> Iterator[Provider]:
    with provider(token=[TOKEN], basicuserinfo=[NAME]) as made, reached(made):
        yield made


def test_a_provider_says_whose_wallet_it_is(mtn: Provider) -> None:
    assert owner_of("mtn", **WHOSE) == "Amina Nakato"
    mtn.says("basicuserinfo", answer(404, b"{}"))
    assert owner_of("mtn", **WHOSE) == ""


def test_where_nobody_can_say_it_nobody_is_asked(mtn: Provider) -> None:
    assert owner_of("pawapay", **WHOSE) is None
    assert owner_of("mtn", **(WHOSE | {"currency": "RWF"})) is None
    pacing.stop(host("mtn"), by="staff", why="It is away.")
    assert owner_of("mtn", **WHOSE) is None
    assert mtn.asked == []
