"""Where a client stands, and what an event is to it."""

from __future__ import annotations

from typing import Any

from realtime.client.positions import Positions, Verdict

GREETING: dict[str, Any] = {
    "epoch": "new.shared",
    "positions": {
        "user:7": {"offset": 5, "epoch": "new"},
        "announcements": {"offset": 2, "epoch": "shared"},
    },
}


def test_the_next_is_new_what_was_seen_is_old_and_a_hole_is_a_gap() -> None:
    positions = Positions({"user:7": 5})
    assert positions.take("user:7", 5) is Verdict.OLD
    assert positions.take("user:7", 6) is Verdict.NEW
    assert positions.take("user:7", 6) is Verdict.OLD
    assert positions.take("user:7", 8) is Verdict.GAP
    assert positions.take("user:7", 7) is Verdict.NEW
    assert positions.take("another", 40) is Verdict.NEW
    assert positions.since() == "user:7:7,another:40"


def test_a_filter_leaves_offsets_out_of_the_own_stream_and_of_no_other() -> None:
    positions = Positions({"user:7": 5, "announcements": 1})
    positions.filtered(True)
    assert positions.take("user:7", 9) is Verdict.NEW
    assert positions.take("user:7", 9) is Verdict.OLD
    # A notification to everybody is filtered too, in the stream of announcements.
    assert positions.take("announcements", 3) is Verdict.NEW


def test_after_a_filter_offsets_are_missing_once_more() -> None:
    positions = Positions({"user:7": 5})
    positions.filtered(False)
    assert positions.take("user:7", 7) is Verdict.GAP
    positions.filtered(True)
    positions.filtered(False)
    assert positions.take("user:7", 9) is Verdict.NEW
    assert positions.take("user:7", 11) is Verdict.GAP


def test_who_has_nothing_to_resume_from_begins_at_the_greeting() -> None:
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


def pong(offset: int) -> dict[str, dict[str, object]]:
    return {"user:7": {"offset": offset, "epoch": "e"}}


def test_a_pong_that_speaks_of_more_than_came_tells_of_a_gap() -> None:
    positions = Positions({"user:7": 5, "announcements": 2})
    assert positions.told(pong(5)) is None
    assert positions.told(pong(4)) is None  # of before a resynchronisation
    assert positions.told({"announcements": {"offset": 3, "epoch": "e"}}) == "announcements"
    assert positions.told(pong(6)) == "user:7"
    assert positions.since() == "user:7:5,announcements:2"


def test_what_a_filter_left_out_is_told_by_a_pong_and_missed_no_more_after_the_filter() -> None:
    positions = Positions({"user:7": 5})
    positions.filtered(True)
    assert positions.told(pong(9)) is None
    assert positions.since() == "user:7:9"
    positions.filtered(False)
    assert positions.told(pong(11)) is None  # filtered before the subscription ended
    assert positions.told(pong(12)) == "user:7"
    assert positions.take("user:7", 13) is Verdict.GAP
    assert positions.take("user:7", 12) is Verdict.NEW
