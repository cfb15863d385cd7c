"""Some thousand requests of odd bytes, to every path, as all kinds of user: none is a 500."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from django.contrib.auth.models import User
from rest_framework.settings import api_settings

from hoardrun.ledger import services as ledger
from tests.clients import browser_as
from tests.conformance.fuzz.requests import Request, request, routes
from tests.hoardrun.ledger.conftest import create
from tests.notifications.support import draft, note
from tests.services.asgi import Headers, ask

REQUESTS = 600


@pytest.fixture
def people(alice: User, charlie: User) -> list[Headers]:
    """The headers of a stranger, a customer and a superuser; each has some rows."""
    for user in (alice, charlie):
        account = ledger.account_open(user_id=user.pk, currency="KES", opening_balance="100")
        create(account, "1")
        note(user)
    draft(charlie)
    return [(), _browser(alice), _browser(charlie)]


def _browser(user: User) -> Headers:
    client, mark = browser_as(user), b"a" * 32
    session = client.cookies["sessionid"].value.encode()
    return [(b"cookie", b"sessionid=" + session + b"; csrftoken=" + mark), (b"x-csrftoken", mark)]


def _is_fault(record: logging.LogRecord) -> bool:
    """Django logs what it calls suspicious, a lookup that the admin forbids, with a traceback."""
    return bool(record.exc_info) and not record.name.startswith("django.security")


@pytest.mark.parametrize("seed", [1, 2])
def test_no_byte_of_a_request_makes_a_fault(
    people: Sequence[Headers], seed: int, caplog, settings, monkeypatch
):
    for scope in ("stranger", "read", "write", "login_address", "login"):
        monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, scope, "1000000/min")
    settings.ALLOWED_HOSTS = ["testserver"]
    caplog.set_level(logging.ERROR)
    random, paths, seen = Random(seed), routes(), Counter[int]()
    wrong: list[tuple[int, Request]] = []
    assert len(paths) > 100
    for _ in range(REQUESTS):
        made = request(random, paths)
        answer = ask(
            made.method, made.path, made.query, [*random.choice(people), *made.headers], made.body
        )
        seen[answer.status] += 1
        if answer.status >= 500 or any(_is_fault(record) for record in caplog.records):
            wrong.append((answer.status, made))
        caplog.clear()
    assert [f"{status} {made}" for status, made in wrong] == []
    assert len(seen) > 6, seen  # it was not turned away at the door
