"""A mailing that is killed again and again, and repeated: each user has it exactly once.

2,000 users and three kills on each database; HOARDRUN_FAULTS_USERS=10000 makes it ten kills.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.mailings import Mailings, Store
from tests.services import templates
from tests.services.plugin import run_postgres

pytestmark = pytest.mark.servers
USERS = int(os.environ.get("HOARDRUN_FAULTS_USERS") or 2000)
KILLS = 10 if USERS >= 10_000 else 3
SEED = 4


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "sqlite":
        made = templates.copy_sqlite(templates.of_sqlite(), tmp_path / "db.sqlite3")
        return Store(made, USERS)
    return Store(run_postgres().migrated("bulk"), USERS)


def test_a_broadcast_killed_again_and_again_reaches_each_user_once(
    store: Store, tmp_path: Path
) -> None:
    mailings = Mailings(store, tmp_path, SEED)
    mailings.run(KILLS)
    figures = {
        "users": USERS,
        "mailings": len(mailings.keys),
        "killed when so many had it": mailings.killed_at,
        "of these in a transaction": mailings.killed_writing,
    }
    print(figures)

    active = {pk for (pk,) in store.query("SELECT id FROM auth_user WHERE is_active")}
    wanted = Counter((pk, key) for pk in active for key in mailings.keys)
    rows = {
        str(pk): (user, title)
        for pk, user, title in store.query(
            "SELECT id, user_id, title FROM notifications_notification"
        )
    }
    assert Counter(rows.values()) == wanted, figures

    told: Counter[tuple[int, str]] = Counter()
    offsets: dict[str, list[int]] = {}
    for name, offset, payload in store.query(
        'SELECT stream.name, event."offset", event.payload FROM realtime_event event '
        "JOIN realtime_stream stream ON stream.id = event.stream_id ORDER BY 1, 2"
    ):
        offsets.setdefault(name, []).append(offset)
        data = json.loads(payload)["data"]
        if data["title"] != "before":
            user = int(name.removeprefix("user:"))
            assert rows[data["id"]] == (user, data["title"]), "an event of somebody else's row"
            told[user, data["title"]] += 1
    assert told == wanted, figures
    for name, head in store.query("SELECT name, head FROM realtime_stream"):
        assert offsets[name] == list(range(1, head + 1)), name
    for key in mailings.keys:
        assert store.mailing(key) == (USERS, True)
