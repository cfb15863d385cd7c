"""The holder of a lock is told by its session, its age and its state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError, connection, transaction

from hoardrun.ledger.models import Account
from realtime.publish import publish
from realtime.sql import blockers
from realtime.sql.errors import StreamLocked
from realtime.streams import ANNOUNCEMENTS, user_stream
from tests.services.locks import somebody_waits, threads
from tests.services.ports import wait_until
from tests.stored import balance

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def short_limit() -> Iterator[None]:
    """Let this connection give up soon."""
    connection.ensure_connection()
    made: Any = connection.connection
    before, kind = type(made).lock_limit, type(made)
    kind.lock_limit = "SET LOCAL lock_timeout = 200"
    try:
        yield
    finally:
        kind.lock_limit = before


@pytest.fixture
def somebody() -> Iterator[psycopg.Connection[Any]]:
    """A user at a shell with a forgotten transaction."""
    config = connection.settings_dict
    with psycopg.connect(
        host=config["HOST"], port=config["PORT"], user=config["USER"],
        password=config["PASSWORD"], dbname=config["NAME"], application_name="by hand",
    ) as made:  # fmt: skip
        yield made


@pytest.fixture(autouse=True)
def _ask_anew() -> None:
    blockers._seen.clear()


def on_postgres() -> bool:
    return connection.vendor == "postgresql"


def hold(somebody: psycopg.Connection[Any], stream: str) -> None:
    publish(stream, balance(1))  # so that there is one
    somebody.execute("SELECT 1 FROM realtime_stream WHERE name = %s FOR UPDATE", [stream])


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a transaction"])
def test_a_publisher_is_told_which_stream_and_who_holds_it(
    request: pytest.FixtureRequest, inside: bool
) -> None:
    if not on_postgres():
        assert blockers.blockers() == []
        return
    somebody = request.getfixturevalue("somebody")
    hold(somebody, ANNOUNCEMENTS)
    with short_limit(), pytest.raises(StreamLocked) as caught:
        if inside:
            with transaction.atomic():
                User.objects.create(username="before")
                publish(ANNOUNCEMENTS, balance(2))
        else:
            publish(ANNOUNCEMENTS, balance(2))
    error = caught.value
    assert error.streams == (ANNOUNCEMENTS,)
    assert 0.1 < error.waited_seconds < 60
    for words in ("stream announcements", "by hand", "idle in transaction", "waited "):
        assert words in str(error)
    assert not User.objects.filter(username="before").exists()


def test_of_several_streams_the_one_that_is_held_counts(request: pytest.FixtureRequest) -> None:
    if not on_postgres():
        return
    somebody = request.getfixturevalue("somebody")
    hold(somebody, user_stream(7))
    found = blockers.holder_of_streams([user_stream(6), user_stream(7)])
    assert found and found.application == "by hand"
    assert blockers.holder_of_streams([user_stream(6), user_stream(7)]) is found  # asked once


def test_a_new_stream_that_is_not_committed_is_found_too(request: pytest.FixtureRequest) -> None:
    if not on_postgres():
        return
    somebody = request.getfixturevalue("somebody")
    somebody.execute(
        "INSERT INTO realtime_stream (name, epoch, head, floor, created_at) "
        "VALUES ('user:9', 'x', 0, 0, now())"
    )
    with threads() as call:
        waiting = call(publish, user_stream(9), balance(1))
        wait_until(somebody_waits, seconds=10, what="a publisher waits")
        [found] = blockers.blockers()
        assert (found.application, found.waiting) == ("by hand", 1)
        somebody.rollback()
        assert waiting.result().offset == 1


def test_the_holder_of_any_row_is_told(request: pytest.FixtureRequest, alice: User) -> None:
    if not on_postgres():
        return
    somebody = request.getfixturevalue("somebody")
    account = Account.objects.create(user=alice, name="A", currency="UGX")
    somebody.execute("SELECT 1 FROM ledger_account WHERE id = %s FOR UPDATE", [account.pk])
    with short_limit(), pytest.raises(OperationalError) as caught, transaction.atomic():
        Account.objects.filter(pk=account.pk).update(name="B")
    found = blockers.holder_for(caught.value)
    assert found and found.application == "by hand" and found.state == "idle in transaction"


def test_monitors_hear_of_it(request: pytest.FixtureRequest, monkeypatch: Any) -> None:
    if not on_postgres():
        return
    somebody = request.getfixturevalue("somebody")
    hold(somebody, ANNOUNCEMENTS)
    monkeypatch.setattr(blockers, "_BLOCKERS", blockers._BLOCKERS.replace("'5.0 s", "'0.1 s"))
    wait_until(lambda: bool(blockers.blockers()), seconds=20, what="it has been idle for a while")
    [found] = blockers.blockers()
    assert found.stream == ANNOUNCEMENTS and found.matters and found.waiting == 0
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("stats", "--check", "--json", stdout=out)
    [told] = json.loads(out.getvalue())["blockers"]
    assert (told["application"], told["stream"]) == ("by hand", ANNOUNCEMENTS)
    assert told["transaction_seconds"] > 0
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("stats", "--check", stdout=out)
    assert "holds stream announcements: idle in transaction" in out.getvalue()
    somebody.rollback()
    assert blockers.blockers() == []
