"""A snapshot shows one moment, with the positions of the streams at it."""

from __future__ import annotations

import json
from concurrent.futures import Future, wait
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open
from notifications.services import (
    announcement_create,
    announcement_publish,
    notification_create,
    notification_mark_read,
)
from realtime.models import Event, Stream
from realtime.streams import ANNOUNCEMENTS, user_stream
from tests.clients import api_as
from tests.hoardrun.ledger.conftest import create, paid
from tests.services.locks import threads

SNAPSHOT = "/api/v1/snapshot"


@pytest.fixture
def account(alice: User) -> Account:
    return account_open(user_id=alice.pk, currency="KES", opening_balance="1000")


def pay_in(account: Account) -> None:
    paid(account, "1.00", "inbound")


def test_a_snapshot_of_a_new_user_is_empty(alice: User):
    body = api_as(alice).get(SNAPSHOT).json()
    streams = [Stream.objects.get(name=name) for name in (user_stream(alice.pk), ANNOUNCEMENTS)]
    assert body["positions"] == {s.name: {"offset": 0, "epoch": s.epoch} for s in streams}
    assert body["epoch"] == ".".join(s.epoch for s in streams)
    assert body["counts"] == {"unread": 0, "unseen": 0}
    assert (body["preferences"]["version"], body["preferences"]["cells"]) == (0, {})
    for name in ("accounts", "transactions", "notifications", "payees", "announcements"):
        assert body[name] == []


def test_it_holds_what_a_page_shows(alice: User, charlie: User, account: Account):
    pay_in(account)
    read = notification_create(user_id=alice.pk, title="Old", message="Read")
    notification_mark_read(notification_id=read.pk, user_id=alice.pk)
    notification_create(user_id=alice.pk, title="New", message="Unread")
    announced = announcement_create(author_id=charlie.pk, title="Night", message="We sleep")
    announcement_publish(announcement_id=announced.pk)
    body = api_as(alice).get(SNAPSHOT).json()
    assert [(a["id"], a["current_balance"]) for a in body["accounts"]] == [
        (str(account.pk), "1001.00")
    ]
    assert body["transactions"][0]["status"] == "completed"
    titles = [notification["title"] for notification in body["notifications"]]
    assert "New" in titles
    assert "Old" not in titles
    assert body["counts"]["unread"] == len(titles)
    assert [a["title"] for a in body["announcements"]] == ["Night"]
    assert body["positions"][user_stream(alice.pk)]["offset"] == head(alice)
    assert body["positions"][ANNOUNCEMENTS]["offset"] == 1


def test_a_snapshot_shows_only_the_users_own(alice: User, bob: User, account: Account):
    pay_in(account)
    body = api_as(bob).get(SNAPSHOT).json()
    assert (body["accounts"], body["transactions"], body["notifications"]) == ([], [], [])
    assert user_stream(alice.pk) not in body["positions"]


def test_it_stays_small_and_fast(alice: User, account: Account, django_assert_max_num_queries):
    for number in range(110):
        notification_create(user_id=alice.pk, title=f"Number {number}", message="x")
    for _ in range(25):
        create(account, "1", "inbound")
    client = api_as(alice)
    client.get(SNAPSHOT)  # the first one begins the streams
    with django_assert_max_num_queries(11):
        body = client.get(SNAPSHOT).json()
    assert (len(body["notifications"]), len(body["transactions"])) == (100, 20)
    assert body["counts"]["unread"] >= 110
    assert body["notifications"][0]["title"] == "Number 109"


@pytest.mark.django_db(transaction=True)
def test_a_commit_during_the_snapshot_comes_whole_after_it(alice: User, account: Account):
    client, transactions_before = api_as(alice), account.transactions.count()
    paying: list[Future[Any]] = []

    def meanwhile(execute: Any, sql: str, *given: Any) -> Any:
        """Once the positions are read, let another connection complete a deposit.

        PostgreSQL lets it commit at once; on SQLite it waits for the snapshot to end.
        """
        if "ledger_account" in sql and not paying:
            paying.append(call(pay_in, account))
            wait(paying, timeout=5 if connection.vendor == "postgresql" else 0.3)
        return execute(sql, *given)

    with threads() as call, connection.execute_wrapper(meanwhile):
        body = client.get(SNAPSHOT).json()
    paying[0].result()
    (shown,) = body["accounts"]
    offset = body["positions"][user_stream(alice.pk)]["offset"]
    # The page applies the events after `offset` to what it shows: that must be today's truth.
    balance, newer = shown["current_balance"], 0
    for event in Event.objects.filter(stream__name=user_stream(alice.pk), offset__gt=offset):
        data = json.loads(event.payload)["data"]
        if event.type == "balance_update":
            balance, newer = data["current_balance"], newer + 1
    assert (shown["current_balance"], balance) == ("1000.00", "1001.00")
    assert newer >= 1
    assert {txn["status"] for txn in body["transactions"]} <= {"completed"}
    assert len(body["transactions"]) == transactions_before


def head(user: User) -> int:
    return Stream.objects.get(name=user_stream(user.pk)).head
