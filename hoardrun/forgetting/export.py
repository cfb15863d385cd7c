"""Everything about a user in one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet

from hoardrun.broadcasts.models import Broadcast
from hoardrun.forgetting.tables import PERSONAL, log_about
from hoardrun.ledger.money import amount_text
from hoardrun.secret_columns import is_secret
from realtime.models import Event
from realtime.protocol.codec import timestamp

# The engine's own.
_LEFT_OUT = {Event: {"stream", "reached"}}
_CHUNK = 500


def write(user_id: int, out: IO[str]) -> dict[str, int]:
    """Write a user's rows, by table; return how many. No secret column is among them.

    The rows are as they are stored: money as text with the decimals of its currency, times in UTC.
    """
    counts: dict[str, int] = {}
    out.write("{")
    for name, table in PERSONAL.items():
        out.write(f"{',' if counts else ''}\n{json.dumps(name)}: [")
        counts[name] = 0
        for row in _plain(table.rows(user_id), user_id):
            out.write(",\n  " if counts[name] else "\n  ")
            out.write(json.dumps(row, default=_text, ensure_ascii=False))
            counts[name] += 1
        out.write("]")
    out.write("\n}\n")
    return counts


def _plain(rows: QuerySet[Any], user_id: int) -> Iterator[dict[str, Any]]:
    left_out = _LEFT_OUT.get(rows.model, set())
    fields = [
        field.attname
        for field in rows.model._meta.concrete_fields
        if not is_secret(field) and field.name not in left_out
    ]
    about_user = set(LogEntry.objects.filter(log_about(user_id)).values_list("pk", flat=True))
    for row in rows.order_by("pk").values(*fields).iterator(_CHUNK):
        if rows.model is Event:
            row["payload"] = json.loads(row["payload"])  # the text that went on the wire
        elif rows.model is Broadcast and row["author_id"] != user_id:
            del row["address"], row["idempotency_key"]  # of the member of staff
        elif rows.model is LogEntry and row["id"] not in about_user:
            del row["object_repr"]  # such as the name of another user
        if currency := row.get("currency"):
            row |= {
                name: amount_text(value, currency)
                for name, value in row.items()
                if isinstance(value, Decimal)
            }
        yield row


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):  # what a provider has sent
        return bytes(value).decode("utf-8", "replace")
    return timestamp(value) if isinstance(value, datetime) else str(value)
