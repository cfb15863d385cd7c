"""An export has all data of a user, no secret, and nothing of others."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from hoardrun.forgetting.tables import PERSONAL, TABLES
from hoardrun.ledger.models import Account
from hoardrun.ledger.services import account_open
from realtime.streams import user_stream
from tests.hoardrun.forgetting.conftest import EMAIL, NAME, run


def test_the_export_has_everything_and_no_secret(zaphodine: User, tmp_path: Path):
    path = tmp_path / "zaphodine.json"
    secrets = [zaphodine.password, *tickets_of(zaphodine)]
    told = run(NAME, "--export", str(path), "--dry-run")
    assert os.stat(path).st_mode & 0o777 == 0o600
    text = path.read_text()
    found = json.loads(text)
    assert found.keys() == PERSONAL.keys()
    assert told["exported"] == {name: len(rows) for name, rows in found.items()}
    assert not [name for name, rows in found.items() if not rows and name not in EMPTY]
    assert not [secret for secret in secrets if secret in text]
    [user] = found["auth_user"]
    assert (user["username"], user["email"]) == (NAME, EMAIL)
    assert "password" not in user
    balance = found["ledger_account"][0]["current_balance"]
    assert isinstance(balance, str)
    assert Decimal(balance) == 750
    assert found["realtime_event"][-1]["payload"]["stream"] == user_stream(zaphodine.pk)
    assert found["realtime_cursor"][0]["device"] == f"{NAME}'s phone"
    assert User.objects.filter(username=NAME).exists()


def test_the_export_writes_money_with_the_decimals_of_its_currency(db, tmp_path: Path):
    user = User.objects.create_user("gag")
    for currency in ("KES", "UGX"):
        account_open(user_id=user.pk, currency=currency, opening_balance="5000")
    path = tmp_path / "gag.json"
    run("gag", "--export", str(path), "--dry-run")
    accounts = json.loads(path.read_text())["ledger_account"]
    assert [row["current_balance"] for row in accounts] == ["5000.00", "5000"]


def test_the_export_has_the_users_own_addresses_and_nothing_of_others(
    zaphodine: User, charlie: User, tmp_path: Path
):
    path = tmp_path / "zaphodine.json"
    run(NAME, "--export", str(path), "--dry-run")
    text = path.read_text()
    assert "192.0.2.8" not in text
    assert charlie.username not in text
    found = json.loads(text)
    own = [row for row in found["broadcasts_broadcast"] if row["author_id"] == zaphodine.pk]
    assert [row["address"] for row in own] == ["192.0.2.7"]
    assert [row["address"] for row in found["broadcasts_broadcastdecision"]] == ["192.0.2.7"]
    names = [row.get("object_repr") for row in found["django_admin_log"]]
    assert {NAME, f"{NAME}'s secret (UGX) #{Account.objects.get(currency='UGX').pk}"} <= {*names}
    assert found["ledger_transaction"][0].keys() >= {"idempotency_key"}


EMPTY = {"realtime_connection", "notifications_announcement", "notifications_fallback"}


def tickets_of(user: User) -> list[str]:
    return list(TABLES["realtime_ticket"].rows(user.pk).values_list("hash", flat=True))


def test_an_export_that_cannot_be_written_forgets_nobody(zaphodine: User, tmp_path: Path):
    there = tmp_path / "there.json"
    there.write_text("of somebody else")
    with pytest.raises(CommandError, match="exists already"):
        run(NAME, "--export", str(there))
    assert there.read_text() == "of somebody else"
    with pytest.raises(CommandError, match="cannot be written"):
        run(NAME, "--export", str(tmp_path / "no folder" / "x.json"))
    assert User.objects.get(pk=zaphodine.pk).is_active
