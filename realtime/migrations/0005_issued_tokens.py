"""Keep of refresh tokens all but their text, and destroy the texts that are there.

The library's app `token_blacklist` stored each refresh token as it was given out; who read the
table, or a backup of it, could act as its users. Logins go on: what is needed of their tokens
is copied first. The texts were written before the login was named in them, so its name is not
known here: the token says it when it is used.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import migrations, models

ISSUED, USED = "token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken"
AT_ONCE = 1000
MAX_NAME = 64


def take_over(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    tables = set(connection.introspection.table_names())
    if ISSUED not in tables:
        return
    has_used = USED in tables
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA secure_delete = ON")  # else the texts stay in the file
        copy_logins(apps.get_model("realtime", "IssuedToken"), cursor, has_used)
        if has_used:
            cursor.execute(f"DROP TABLE {USED}")
        cursor.execute(f"DROP TABLE {ISSUED}")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'token_blacklist'")


def copy_logins(issued: Any, cursor: Any, has_used: bool) -> None:
    used = "used.blacklisted_at" if has_used else "NULL"
    join = f"LEFT JOIN {USED} used ON used.token_id = token.id" if has_used else ""
    last, now = 0, datetime.now(UTC)
    while True:
        cursor.execute(
            "SELECT token.id, token.jti, token.user_id, token.expires_at, "
            f"token.created_at, {used} FROM {ISSUED} token {join} "
            f"WHERE token.id > %s ORDER BY token.id LIMIT {AT_ONCE}",
            [last],
        )
        rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        kept = []
        for _, jti, user_id, expires_at, created_at, used_at in rows:
            expires_at = moment(expires_at)
            if user_id is None or expires_at <= now or len(jti) > MAX_NAME:
                continue
            kept.append(
                issued(
                    jti=jti,
                    user_id=user_id,
                    session=jti,
                    issued_at=moment(created_at) or now,
                    expires_at=expires_at,
                    used_at=moment(used_at),
                )
            )
        issued.objects.bulk_create(kept, ignore_conflicts=True)


def moment(value: Any) -> Any:
    """Read a time as the driver returns it: SQLite's is text, in UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Migration(migrations.Migration):
    dependencies = [
        ("realtime", "0003_access"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="IssuedToken",
            fields=[
                ("jti", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("session", models.CharField(max_length=64)),
                ("issued_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "successor",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=models.SET_NULL,
                        related_name="predecessor",
                        to="realtime.issuedtoken",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
