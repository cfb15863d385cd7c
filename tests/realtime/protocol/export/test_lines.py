"""The one line of each message for a terminal or the console's log."""

from __future__ import annotations

from typing import Any

from realtime.protocol.export.examples import examples
from realtime.protocol.export.lines import line
from realtime.protocol.messages import PAYLOADS


def test_the_line_of_each_message_is_filled_in_from_its_own_fields() -> None:
    found = {name: line(name, examples()[name]["data"]) for name in PAYLOADS}
    assert [name for name, text in found.items() if "{" in text and PAYLOADS[name].line] == []
    assert found["market_update"] == "BTC-USD 64250.10 USD (-0.19 %)"
    assert found["access_changed"] == "closed 5f2c8a"
    assert found["rooms"] == "to join: market:BTC-USD, joined: market:BTC-USD"


def test_a_type_without_a_line_is_its_json() -> None:
    assert line("of a newer server", {"a": "ü", "b": 1}) == '{"a": "ü", "b": 1}'


def test_a_value_that_looks_like_a_field_stays_as_it_is() -> None:
    assert line("error", {"code": "{message}", "message": "m"}) == "{message}: m"


def test_money_is_shown_unchanged() -> None:
    data: dict[str, Any] = {
        "id": "t1",
        "status": "completed",
        "direction": "inbound",
        "amount": "1000000.10",
        "currency": "UGX",
        "description": "Rent",
    }
    said = line("transaction_update", data)
    assert said == "t1 completed inbound 1000000.10 UGX Rent"


def test_a_change_of_notifications_is_described() -> None:
    changed: list[dict[str, Any]] = [
        {"id": "1", "status": "read", "seen_at": "2026-01-01T00:00:00.000Z", "notification": None},
        {"id": "2", "status": "unread", "seen_at": None, "notification": {"title": "Rent"}},
        {"id": "3", "status": "unread", "seen_at": "2026-01-01T00:00:00.000Z"},
        {"id": "4", "status": "archived", "deleted": True},
    ]
    said = line("notification_updated", {"notifications": changed})
    assert said == "1 read, seen; 2 unread: Rent; 3 unread, seen; 4 archived, deleted"
