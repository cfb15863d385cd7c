"""The positions of a client, and how events change them."""

from __future__ import annotations

from typing import Any

import pytest

from realtime.client.positions import Positions, Verdict
from tests.realtime.client.conftest import CASES

GREETING: dict[str, Any] = {
    "epoch": "new.shared",
    "positions": {
        "user:7": {"offset": 5, "epoch": "new"},
        "announcements": {"offset": 2, "epoch": "shared"},
    },
}


@pytest.mark.parametrize("case", CASES["positions"], ids=lambda case: case["name"])
def test_shared_case(case: dict[str, Any]) -> None:
    positions = Positions(case["at"])
    for step in case["steps"]:
        match step:
            case {"connect": filtered}:
                positions.connect(filtered)
            case {"filter": on}:
                positions.filtered(on)
            case {"event": [stream, offset], "is": verdict}:
                assert positions.take(stream, offset) is Verdict[verdict.upper()], step
            case {"pong": offsets, "misses": stream}:
                told = {name: {"offset": offset} for name, offset in offsets.items()}
                assert positions.told(told) == stream, step
            case _:
                pytest.fail(f"no such step: {step}")
    assert positions.since() == case["since"]


def test_a_client_without_positions_begins_at_the_greeting() -> None:
    positions = Positions()
    assert positions.greet(GREETING, resumable=False)
    assert (positions.since(), positions.epoch) == ("user:7:5,announcements:2", "new.shared")


def test_a_greeting_counts_only_once_no_resynchronisation_follows() -> None:
    positions = Positions({"user:7": 3}, "old.shared")
    assert not positions.greet(GREETING, resumable=False)
    assert (positions.since(), positions.epoch) == ("user:7:3", "old.shared")
    positions.doubt()
    assert not positions.confirm()
    assert (positions.since(), positions.epoch) == ("user:7:3", "old.shared")
    positions.greet(GREETING, resumable=False)
    assert positions.confirm()
    assert not positions.confirm()
    assert (positions.since(), positions.epoch) == ("user:7:3,announcements:2", "new.shared")


def test_a_device_may_have_been_resumed_from_its_ack() -> None:
    positions = Positions()
    assert not positions.greet(GREETING, resumable=True)
    positions.doubt()
    assert positions.since() == ""  # so that the next connection is told to resynchronise, too


def test_a_snapshot_replaces_everything() -> None:
    positions = Positions({"user:7": 900, "gone": 1}, "old")
    positions.greet(GREETING, resumable=False)
    positions.reset(GREETING)
    assert (positions.since(), positions.epoch) == ("user:7:5,announcements:2", "new.shared")
    assert not positions.confirm()
