"""`manage.py forget_user`: what goes, and what stays."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hoardrun.api.tokens import login_create
from hoardrun.broadcasts.models import Broadcast, BroadcastDecision
from hoardrun.forgetting import forget
from hoardrun.forgetting.tables import TABLES, Fate
from hoardrun.ledger.models import Account, Transaction, TransactionMove
from hoardrun.ledger.services import account_open
from hoardrun.management.commands import forget_user
from notifications.models import Notification
from notifications.services import notification_create
from realtime import clock, log
from realtime.management import base
from realtime.models import Connection, Cursor, Event, IssuedToken, Node, Stream
from realtime.protocol.codes import CloseCode
from realtime.streams import user_stream
from tests.clients import browser_as
from tests.hoardrun.forgetting.conftest import MODELS, NAME, run
from tests.nodes import ALICE, BOB, connect, node
from tests.notifications.support import note


def text_of(model: Any) -> str:
    return str(list(model._default_manager.values()))


# -- forgetting


def test_no_table_names_a_forgotten_user(zaphodine: User):
    outcome = run(NAME)
    assert (outcome["user_id"], outcome["name"]) == (zaphodine.pk, f"forgotten-{zaphodine.pk}")
    for model in MODELS.values():
        text = text_of(model)
        assert not re.search("zaphodine|beeblebrox|192.0.2.7", text, re.IGNORECASE), model
    for name in ("ledger_account", "ledger_transaction", "ledger_transactionmove"):
        emptied: dict[str, Any] = dict.fromkeys(TABLES[name].cleared, "")
        if "payment" in emptied:  # the one that is not text
            del emptied["payment"]
            emptied["payment__isnull"] = True
        rows = TABLES[name].rows(zaphodine.pk)
        assert rows.filter(**emptied).count() == rows.count() > 0, name
    for name, table in TABLES.items():
        if table.fate is Fate.REMOVED and name != "realtime_connection":  # it went with its node
            assert outcome["removed"][name] >= 1, name
        if table.fate is Fate.REMOVED and name != "realtime_event":
            assert not table.rows(zaphodine.pk).exists(), name


def test_the_log_says_no_title_of_a_notification_that_is_gone(zaphodine: User, charlie: User):
    """The entry no longer names its user, so forgetting does not find it."""
    notice = notification_create(user_id=zaphodine.pk, title=f"Dear {NAME}", message="x")
    LogEntry.objects.log_actions(charlie.pk, [notice], CHANGE, "Archived.")
    entry = LogEntry.objects.get(object_id=str(notice.pk), change_message="Archived.")
    notice.delete()
    run(NAME)
    entry.refresh_from_db()
    assert NAME not in entry.object_repr


def test_books_and_records_stay(zaphodine: User, charlie: User):
    pk = zaphodine.pk

    def records() -> list[Any]:
        rows = (Broadcast, BroadcastDecision, TransactionMove)
        kept = [TABLES[model._meta.db_table].kept for model in rows]
        return [
            list(model._default_manager.order_by("pk").values(*columns))
            for model, columns in zip(rows, kept, strict=True)
        ]

    before_it = records()
    balances = Account.objects.order_by("pk").values_list(
        "available_balance", "current_balance", "currency"
    )
    before = list(balances.filter(user_id=pk))
    outcome = run(NAME)
    assert list(balances.filter(user_id=pk)) == before
    txn = Transaction.objects.get(account__user_id=pk, status="completed", direction="outbound")
    assert (txn.amount, txn.currency, txn.status) == (250, "KES", "completed")
    assert (txn.merchant_name, txn.reference) == ("Landlord Ltd", "INV-17")
    assert records() == before_it
    assert Broadcast.objects.get(author=charlie).address == "192.0.2.8"
    assert outcome["anonymised"]["broadcasts_broadcast"] == 1
    assert outcome["accounts_with_money"] == 1
    entries = LogEntry.objects.filter(user=charlie).values_list("object_repr", "change_message")
    named = [f"forgotten-{pk}", "", *map(str, Account.objects.filter(user_id=pk))]
    assert set(entries) == {(name, "Looked at.") for name in named}


def test_the_law_may_want_the_texts_of_transactions(zaphodine: User):
    run(NAME, "--keep-descriptions")
    assert Transaction.objects.filter(description=f"rent of {NAME}").exists()
    assert Transaction.objects.filter(failure_reason=f"{NAME} did not answer").exists()
    assert TransactionMove.objects.filter(reason=f"{NAME} did not answer").exists()
    assert not Account.objects.exclude(name="").exists()


def test_the_user_is_shut_out(zaphodine: User):
    token = login_create(user=zaphodine).access
    browser = browser_as(zaphodine)
    run(NAME)
    me = Client().get("/api/v1/auth/me", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert me.status_code == 401
    assert browser.get("/admin/").status_code == 302
    assert not Client().login(username=NAME, password=f"{NAME}-pass")
    user = User.objects.get(pk=zaphodine.pk)
    assert not (user.is_active or user.is_staff or user.is_superuser or user.has_usable_password())
    # The event that closes the sockets stays in the log: no hole after the floor.
    stream = Stream.objects.get(name=user_stream(user.pk))
    events = Event.objects.filter(stream=stream).order_by("offset")
    offsets = list(events.values_list("offset", flat=True))
    assert offsets == list(range(stream.floor + 1, stream.head + 1))
    assert set(events.values_list("type", flat=True)) == {"access_changed"}


def test_others_are_not_touched(zaphodine: User, alice: User):
    account = account_open(user_id=alice.pk, name="Mine", currency="KES", opening_balance="5")
    note(alice)
    login_create(user=alice)
    names = [model._meta.db_table for model in (Notification, IssuedToken, Account, Event)]
    before = [list(TABLES[name].rows(alice.pk).values()) for name in names]
    run(NAME)
    assert [list(TABLES[name].rows(alice.pk).values()) for name in names] == before
    assert Account.objects.get(pk=account.pk).name == "Mine"


def test_a_dry_run_changes_nothing(zaphodine: User):
    Node.objects.all().delete()
    models = [*apps.get_models(include_auto_created=True)]
    before = [text_of(model) for model in models]
    told = run(NAME, "--dry-run")
    assert [text_of(model) for model in models] == before
    real = run(NAME)
    for verb in ("removed", "anonymised"):
        changed = {name: count for name, count in told[verb].items() if name != "realtime_event"}
        assert {name: real[verb][name] for name in changed} == changed


def test_a_second_run_changes_nothing(zaphodine: User):
    name = run(NAME)["name"]
    again = run(name)
    assert not [count for count in again["removed"].values() if count]
    assert not [count for count in again["anonymised"].values() if count]
    with pytest.raises(CommandError, match=f"There is no user '{NAME}'"):
        run(NAME)


def test_somebody_else_may_have_taken_the_name_that_is_left(zaphodine: User, alice: User):
    alice.username = f"forgotten-{zaphodine.pk}"
    alice.save()
    name = run(NAME)["name"]
    assert name == f"forgotten-{zaphodine.pk}-2"
    assert run(name)["name"] == name
    assert User.objects.filter(username=alice.username).get() == alice
    assert not LogEntry.objects.filter(object_repr=alice.username).exists()


def test_it_is_all_or_nothing(zaphodine: User, monkeypatch: pytest.MonkeyPatch):
    def fail(name: str) -> int:
        raise OSError("the disk is full")

    monkeypatch.setattr(log, "clear", fail)
    with pytest.raises(OSError, match="full"):
        forget(zaphodine.pk)
    assert User.objects.get(pk=zaphodine.pk).username == NAME
    assert Notification.objects.filter(user=zaphodine).exists()


def test_many_rows_take_no_more_queries_than_few(zaphodine: User, charlie: User):
    def queries(count: int) -> int:
        rows = [Notification(user=zaphodine, title="Hi", message="x") for _ in range(count)]
        Notification.objects.bulk_create(rows)
        accounts = [Account(user=zaphodine, name="Mine", currency="KES") for _ in range(count)]
        LogEntry.objects.log_actions(charlie.pk, Account.objects.bulk_create(accounts), CHANGE)
        with CaptureQueriesContext(connection) as captured:
            forget(zaphodine.pk)
        return len(captured.captured_queries)

    forget(zaphodine.pk)
    assert queries(10) == queries(200)


# -- deleting the row instead


def device(user: User) -> None:
    stream = Stream.objects.create(name="s")
    Cursor.objects.create(user=user, stream=stream, epoch="e", acked=0)


ROWS: dict[str, Callable[[User], object]] = {
    "nothing": lambda user: None,
    "an account": lambda user: account_open(user_id=user.pk, currency="KES"),
    "a notification": note,
    "a login": lambda user: login_create(user=user),
    "a device": device,
}


@pytest.mark.parametrize("row", ROWS)
def test_the_admin_deletes_only_a_user_without_rows(support: Client, alice: User, row: str):
    ROWS[row](alice)
    url = f"/admin/auth/user/{alice.pk}/delete/"
    assert support.get(url).status_code == 200
    support.post(url, {"post": "yes"})
    assert User.objects.filter(pk=alice.pk).exists() == (row != "nothing")


@pytest.mark.parametrize("row", ROWS)
def test_a_shell_deletes_a_user_without_books_and_records(alice: User, row: str):
    ROWS[row](alice)
    if row == "an account":
        with pytest.raises(models.ProtectedError):
            alice.delete()
    else:
        alice.delete()
        assert not User.objects.filter(username="alice").exists()


# -- with nodes


def test_it_waits_for_nodes_that_may_have_a_socket_that_is_not_listed_yet(
    zaphodine: User, monkeypatch: pytest.MonkeyPatch
):
    """The last ack of such a socket would be written again, with its device's name."""
    Connection.objects.all().delete()
    monkeypatch.setattr(base, "PATIENCE_SECONDS", 0.1)
    Node.objects.update(seen_at=clock.now())  # before the user is shut out
    with pytest.raises(CommandError, match=r"1 node\(s\) have not reported since"):
        call_command("forget_user", NAME)
    zaphodine.refresh_from_db()
    assert not zaphodine.is_active
    assert Cursor.objects.filter(user=zaphodine).exists()
    Node.objects.update(seen_at=clock.now() + 2 * forget_user.SETTLE)  # it has reported since
    call_command("forget_user", NAME, stdout=StringIO())
    assert not Cursor.objects.filter(user=zaphodine).exists()


@pytest.mark.servers
async def test_sockets_close_before_anything_goes():
    with node() as server:
        phone = await connect(server, ALICE, device="phone")
        bob = await connect(server, BOB)
        async with phone, bob:
            while "phone" not in await asyncio.to_thread(
                server.manage, "disconnect", "alice", "--list"
            ):
                await asyncio.sleep(0.1)
            output = await asyncio.to_thread(server.manage, "forget_user", "alice", "--json")
            assert await phone.until_closed() == CloseCode.REVOKED
            assert json.loads(output)["name"] == f"forgotten-{ALICE}"
            await bob.ping()
        with pytest.raises(RuntimeError, match="no user 'alice'"):
            server.manage("forget_user", "alice")
        assert "Traceback" not in server.log()
