"""What migrations do to rows that are there."""

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
from rest_framework_simplejwt.tokens import RefreshToken

from hoardrun.api.tokens import login_refresh
from realtime.models import IssuedToken

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = {
    "sqlite": ("integer PRIMARY KEY AUTOINCREMENT", "datetime"),
    "postgresql": ("bigserial PRIMARY KEY", "timestamptz"),
}


@pytest.fixture
def library() -> Iterator[None]:
    """The tables of `token_blacklist`, as an earlier version has filled them."""
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
    if session:
        token["sid"] = session
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
    return token


def migrate() -> None:
    module = import_module("realtime.migrations.0005_issued_tokens")
    with connection.schema_editor() as editor:
        module.take_over(apps, editor)


def test_the_texts_of_refresh_tokens_go_and_logins_stay(
    library: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("realtime.migrations.0005_issued_tokens")
    monkeypatch.setattr(module, "AT_ONCE", 2)
    user = User.objects.create_user("alice")
    session = uuid.uuid4().hex
    current, used = stored(user, session=session), stored(user, session=session, used=True)
    plain, over, nobodys = stored(user), stored(user, days=-1), stored(None)
    signatures = [str(token).rpartition(".")[2] for token in (current, used, plain, over, nobodys)]
    assert any(text in on_disk() for text in signatures) or connection.vendor != "sqlite"

    migrate()
    tables = connection.introspection.table_names()
    assert not [name for name in tables if name.startswith("token_blacklist")]
    rows = {row.jti: (row.session, row.used_at is not None) for row in IssuedToken.objects.all()}
    assert rows == {
        current["jti"]: (session, False),
        used["jti"]: (session, True),
        plain["jti"]: (plain["jti"], False),
    }
    assert not [text for text in signatures if text in on_disk()]
    current["sid"] = session
    assert login_refresh(refresh=str(current)).user == user
    migrate()  # where those tables never were, nothing happens


def on_disk() -> str:
    """Return what a copy of SQLite's files holds."""
    if connection.vendor != "sqlite":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = Path(str(connection.settings_dict["NAME"]))
    return path.read_bytes().decode("latin-1")
