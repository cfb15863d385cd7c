"""Migrations change existing rows rightly."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.tokens import RefreshToken

from hoardrun.api.tokens import login_refresh
from realtime.access import changes
from realtime.access.keys import AccessToken
from realtime.models import IssuedToken

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = {
    "sqlite": ("integer PRIMARY KEY AUTOINCREMENT", "datetime"),
    "postgresql": ("bigserial PRIMARY KEY", "timestamptz"),
}


@pytest.fixture
def library() -> Iterator[None]:
    """Make the tables of `token_blacklist`, as an earlier version had them."""
    key, moment = TABLES[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE token_blacklist_outstandingtoken (id {key}, token text NOT NULL, "
            f"created_at {moment}, expires_at {moment} NOT NULL, user_id bigint, "
            "jti varchar(255) NOT NULL UNIQUE)"
        )
        cursor.execute(
            f"CREATE TABLE token_blacklist_blacklistedtoken (id {key}, "
            f"blacklisted_at {moment} NOT NULL, token_id bigint NOT NULL UNIQUE "
            "REFERENCES token_blacklist_outstandingtoken (id))"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS token_blacklist_blacklistedtoken")
        cursor.execute("DROP TABLE IF EXISTS token_blacklist_outstandingtoken")


def stored(user: User | None, *, session: str = "", used: bool = False, days: float = 7) -> Any:
    """Write a refresh token as the library did, and return it."""
    token: Any = RefreshToken() if user is None else RefreshToken.for_user(user)
    now = datetime.now(UTC)
    row = [str(token), now, now + timedelta(days=days), user and user.pk, token["jti"]]
    adapt = connection.ops.adapt_datetimefield_value
    row = [adapt(value) if isinstance(value, datetime) else value for value in row]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO token_blacklist_outstandingtoken "
            "(token, created_at, expires_at, user_id, jti) VALUES (%s, %s, %s, %s, %s) "
            "RETURNING id",
            row,
        )
        [key] = cursor.fetchone()
        if used:
            cursor.execute(
                "INSERT INTO token_blacklist_blacklistedtoken (blacklisted_at, token_id) "
                "VALUES (%s, %s)",
                [row[1], key],
            )
    if session:
        token["sid"] = session  # which the library's text did not have yet
    return token


def migrate() -> None:
    module = import_module("realtime.migrations.0005_issued_tokens")
    with connection.schema_editor() as editor:
        module.take_over(apps, editor)


def test_the_migration_removes_texts_of_refresh_tokens_and_keeps_logins(
    library: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("realtime.migrations.0005_issued_tokens")
    monkeypatch.setattr(module, "AT_ONCE", 2)
    user = User.objects.create_user("alice")
    session = uuid.uuid4().hex
    current, used = stored(user, session=session), stored(user, session=session, used=True)
    plain, over, nobodys = stored(user), stored(user, days=-1), stored(None)
    tokens = (current, used, plain, over, nobodys)
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM token_blacklist_outstandingtoken")
        signatures = [text.rpartition(".")[2] for (text,) in cursor.fetchall()]
    assert len(signatures) == len(tokens)
    assert any(text in on_disk() for text in signatures) or connection.vendor != "sqlite"

    migrate()
    tables = connection.introspection.table_names()
    assert not [name for name in tables if name.startswith("token_blacklist")]
    rows = {row.jti: (row.session, row.used_at is not None) for row in IssuedToken.objects.all()}
    assert rows == {
        current["jti"]: (current["jti"], False),
        used["jti"]: (used["jti"], True),
        plain["jti"]: (plain["jti"], False),
    }
    assert not [text for text in signatures if text in on_disk()]
    login = login_refresh(refresh=str(current))
    assert login.user == user
    successor = IssuedToken.objects.get(used_at=None, session=session)  # from now on it is known
    assert AccessToken(login.access)["sid"] == successor.session  # type: ignore[arg-type]
    assert changes.end_all_sessions(user.pk) >= 1
    for token in (current, plain, login.refresh):
        with pytest.raises(InvalidToken):
            login_refresh(refresh=str(token))
    migrate()  # where those tables never were, nothing happens


def on_disk() -> str:
    """Return what a copy of SQLite's files holds."""
    if connection.vendor != "sqlite":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(str(connection.settings_dict["NAME"]))
    return path.read_bytes().decode("latin-1")
