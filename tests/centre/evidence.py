"""What the database holds at the end, read by raw SQL, with all that the files of a run say.

Two tables and a trigger are ours: the money that each notification is about, and the moment of
each claim, by which the checker knows since when a last look must have seen what was committed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.centre.ledger import lines
from tests.faults import truth

CLAIMS = "centre_claims"
MONEY = "centre_money"


@dataclass
class Ladder:
    """One row of the ladders."""

    due: float
    committed: float
    closed: float | None
    reason: str
    offset: int
    epoch: str


@dataclass
class Delivery:
    """One row of the deliveries; `claims` are (began, written) of each, by the database."""

    id: int
    notification: int | None
    digest: int | None
    user: int
    channel: str
    rung: int
    resend: int
    state: str
    reason: str
    required: bool
    address: str
    lease: int
    provider: str
    provider_id: str
    duplicate: bool
    created: float
    not_before: float
    updated: float
    claims: list[tuple[float, float]] = field(default_factory=list)
    attempts: list[tuple[str, float, float]] = field(default_factory=list)  # outcome, began, noted


@dataclass
class Digest:
    """One row of the digests."""

    id: int
    user: int
    category: str
    channel: str
    created: float
    closed: float | None
    items: list[tuple[int, int, bool]] = field(default_factory=list)  # notification, rung, shown


@dataclass
class Notice:
    """One committed notification."""

    id: int
    user: int
    kind: str
    number: str
    cancelled: float | None
    seen: float | None
    supersedes: int | None


@dataclass
class Evidence:
    """All of it. Times are seconds of the wall clock."""

    people: dict[int, dict[str, Any]]
    notices: dict[int, Notice]
    ladders: dict[int, Ladder]
    deliveries: list[Delivery]
    digests: list[Digest]
    money: set[str]
    outside: list[list[Any]]
    devices: list[list[Any]]
    load: list[list[Any]]
    scale: float
    ended: float
    healed: list[tuple[float, float]] = field(default_factory=list)  # faults: began, healed


def keep(database_url: str) -> None:
    """Make our tables, and have the database note each claim in its transaction."""
    taken = "NEW.state = 'sending' AND OLD.state <> 'sending'"
    with truth.connected(database_url) as query:
        query(f"CREATE TABLE {MONEY} (number text PRIMARY KEY, person bigint)")
        query(f"CREATE TABLE {CLAIMS} (delivery bigint, lease int, began float, written float)")
        if database_url.startswith("sqlite:///"):
            now = "(julianday('now') - 2440587.5) * 86400.0"
            query(
                f"CREATE TRIGGER {CLAIMS} AFTER UPDATE ON notifications_delivery FOR EACH ROW "
                f"WHEN {taken} BEGIN "
                f"INSERT INTO {CLAIMS} VALUES (NEW.id, NEW.lease, {now}, {now}); END"
            )
            return
        query(
            f"CREATE FUNCTION {CLAIMS}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"INSERT INTO {CLAIMS} VALUES (NEW.id, NEW.lease, extract(epoch from now()), "
            "extract(epoch from clock_timestamp())); RETURN NULL; END $$"
        )
        query(
            f"CREATE TRIGGER {CLAIMS} AFTER UPDATE ON notifications_delivery FOR EACH ROW "
            f"WHEN ({taken}) EXECUTE FUNCTION {CLAIMS}()"
        )


def read(database_url: str, folder: Path, scale: float, ended: float) -> Evidence:
    """Read everything. `ended` is when nothing was committed any more."""
    with truth.connected(database_url) as query:
        notices = {
            row[0]: Notice(row[0], row[1], row[2], row[3], _at(row[4]), _at(row[5]), row[6])
            for row in query(
                "SELECT id, user_id, kind, coalesce(key, ''), cancelled_at, seen_at, supersedes_id "
                "FROM notifications_notification"
            )
        }
        ladders = {
            row[0]: Ladder(_at(row[1]) or 0, _at(row[2]) or 0, _at(row[3]), *row[4:])
            for row in query(
                "SELECT notification_id, due_at, committed_at, closed_at, reason, event_offset, "
                "epoch FROM notifications_escalation"
            )
        }
        deliveries = {
            row[0]: _delivery(row)
            for row in query(
                "SELECT d.id, d.notification_id, d.digest_id, d.user_id, d.channel, d.rung, "
                "d.resend, d.state, d.reason, d.required, d.address_hash, d.lease, d.provider, "
                "coalesce(d.provider_id, ''), d.possible_duplicate, d.created_at, d.not_before, "
                "d.updated_at "
                "FROM notifications_delivery d ORDER BY d.id"
            )
        }
        for number, began, written in query(
            f"SELECT delivery, began, written FROM {CLAIMS} ORDER BY written"
        ):
            deliveries[number].claims.append((began, written))
        for number, outcome, began, noted in query(
            "SELECT delivery_id, outcome, started_at, created_at FROM notifications_attempt "
            "ORDER BY id"
        ):
            if number in deliveries:
                deliveries[number].attempts.append((outcome, _at(began) or 0, _at(noted) or 0))
        digests = {
            row[0]: Digest(row[0], row[1], row[2], row[3], _at(row[4]) or 0, _at(row[5]))
            for row in query(
                "SELECT id, user_id, category, channel, created_at, closed_at "
                "FROM notifications_digest"
            )
        }
        for digest, notification, rung, shown in query(
            "SELECT digest_id, notification_id, rung, shown FROM notifications_digestitem"
        ):
            digests[digest].items.append((notification, rung, bool(shown)))
        money = {number for (number,) in query(f"SELECT number FROM {MONEY}")}
    people = {one["id"]: one for one in json.loads((folder / "world.json").read_text())}
    return Evidence(
        people, notices, ladders, list(deliveries.values()), list(digests.values()), money,
        list(lines(folder, "outside.jsonl")),
        sorted(lines(folder, "devices-*.jsonl"), key=lambda line: line[1]),
        sorted(lines(folder, "load-*.jsonl"), key=lambda line: line[1]),
        scale, ended,
    )  # fmt: skip


def by_number(found: Evidence) -> dict[str, Notice]:
    """Return the notifications by the numbers that producers gave them."""
    return {one.number: one for one in found.notices.values() if one.number}


def grouped(rows: list[Delivery]) -> dict[tuple[int, int], list[Delivery]]:
    """Return deliveries by notification and rung."""
    found: dict[tuple[int, int], list[Delivery]] = defaultdict(list)
    for row in rows:
        if row.notification is not None:
            found[row.notification, row.rung].append(row)
    return found


def _delivery(row: Any) -> Delivery:
    names = [each.name for each in fields(Delivery)]
    found = dict(zip(names, row, strict=False))
    found |= {name: bool(found[name]) for name in ("required", "duplicate")}
    found |= {name: _at(found[name]) or 0 for name in ("created", "not_before", "updated")}
    return Delivery(**found)


def _at(value: Any) -> float | None:
    """Return a time of the database as seconds; SQLite keeps text, without its zone: UTC."""
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return float((moment.replace(tzinfo=moment.tzinfo or UTC)).timestamp())
