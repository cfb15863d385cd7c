"""Copy one notification to many users in one SQL statement. Called by mailings.

It must not publish and sends no signals: the caller publishes, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth import get_user_model
from django.db import connection

from notifications.models import Notification


def insert_copies(first: Notification, user_ids: Sequence[int]) -> dict[int, int]:
    """Insert a copy of a stored row for each of these users; return the new ids by user.

    Users that do not exist get none. The caller publishes.
    """
    if not user_ids:
        return {}
    quote = connection.ops.quote_name
    meta, user = Notification._meta, get_user_model()._meta
    own = {meta.get_field("id"), meta.get_field("user")}
    copied = [quote(field.column) for field in meta.concrete_fields if field not in own]
    user_column, table = quote(meta.get_field("user").column), quote(meta.db_table)
    assert user.pk.column is not None
    person = quote(user.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({user_column}, {', '.join(copied)}) "
            f"SELECT person.{person}, {', '.join(f'model.{column}' for column in copied)} "
            f"FROM {table} model, {quote(user.db_table)} person "
            f"WHERE model.id = %s AND person.{person} IN ({', '.join(['%s'] * len(user_ids))}) "
            f"ORDER BY person.{person} RETURNING {user_column}, id",
            [first.pk, *user_ids],
        )
        return dict(cursor.fetchall())
