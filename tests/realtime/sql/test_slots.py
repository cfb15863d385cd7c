"""A replication slot that nobody reads is told to monitors before it fills the disk."""

from __future__ import annotations

import secrets
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from realtime.sql import slots


def check() -> str:
    """Return what a monitor is told."""
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("stats", "--check", stdout=out)
    return out.getvalue()


@pytest.mark.operated(number=23)
@pytest.mark.django_db(transaction=True)
def test_monitors_hear_of_a_slot_that_nobody_reads() -> None:
    if connection.vendor != "postgresql":
        assert slots.unread() == []
        return
    name = f"forgotten_{secrets.token_hex(4)}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_create_physical_replication_slot(%s, true)", [name])
        try:
            [mine] = [slot for slot in slots.unread() if slot.name == name]
            assert mine.kept_bytes >= 0
            assert f"nobody reads the replication slot {name}" in check()
        finally:
            cursor.execute("SELECT pg_drop_replication_slot(%s)", [name])
    assert name not in check()
