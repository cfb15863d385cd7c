"""The positions at which a connection resumes, and their parameters."""

from __future__ import annotations

import pytest

from realtime.core.resume import (
    StartPosition,
    decide,
    join_epochs,
    parse_since,
    parse_types,
    split_epochs,
)

STREAMS = ("user:7", "announcements")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("user:17,announcements:3", {"user:7": 17, "announcements": 3}),
        ("user:7:17", {"user:7": 17}),
        ("announcements:0", {"announcements": 0}),
    ],
)
def test_since_is_parsed(text: str, found: dict[str, int]) -> None:
    assert parse_since(text, "user:7", STREAMS) == found


@pytest.mark.parametrize(
    "text", ["user:-1", "user:x", "user:", "user:8:1", "nothing:1", "17", "user:٣", f"user:{2**60}"]
)
def test_an_invalid_since_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="`since`"):
        parse_since(text, "user:7", STREAMS)


def test_joined_epochs_are_split_again() -> None:
    text = join_epochs(["aa", "bb"])
    assert split_epochs(text, STREAMS) == {"user:7": "aa", "announcements": "bb"}
    assert split_epochs("", STREAMS) == {}
    assert split_epochs("aa", STREAMS) == {"user:7": "aa", "announcements": ""}


@pytest.mark.parametrize(
    ("since", "epoch", "head", "floor", "start"),
    [
        (None, None, 10, 0, StartPosition(10)),  # new here: begins at the head
        (0, "e", 0, 0, StartPosition(0)),  # an empty stream
        (0, "e", 10, 0, StartPosition(0)),  # everything
        (4, "e", 10, 0, StartPosition(4)),  # from a position
        (10, "e", 10, 0, StartPosition(10)),  # nothing missed
        (4, None, 10, 0, StartPosition(4)),  # no epoch given: the offset is taken as it is
        (4, "e", 10, 4, StartPosition(4)),  # the very last that retention allows
        (3, "e", 10, 4, StartPosition(10, "trimmed")),
        (0, "e", 10, 10, StartPosition(10, "trimmed")),  # all trimmed
        (10, "e", 10, 10, StartPosition(10)),  # all trimmed, none missed
        (11, "e", 10, 0, StartPosition(10, "ahead")),
        (4, "other", 10, 0, StartPosition(10, "epoch")),
        (10, "other", 10, 0, StartPosition(10, "epoch")),
        (4, "", 10, 0, StartPosition(10, "epoch")),
    ],
)
def test_a_connection_resumes_only_where_no_event_is_missing(
    since: int | None, epoch: str | None, head: int, floor: int, start: StartPosition
) -> None:
    assert decide(since=since, epoch=epoch, current_epoch="e", head=head, floor=floor) == start


def test_types_are_parsed() -> None:
    assert parse_types("") == frozenset()
    assert parse_types("transaction,balance") == {"transaction", "balance"}
    with pytest.raises(ValueError, match="`types`"):
        parse_types("transaction,everything")
