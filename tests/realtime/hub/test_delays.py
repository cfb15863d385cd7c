"""What the next report tells of events that were late."""

from __future__ import annotations

from realtime.hub.delays import MOST_DELAYS, Delayed, Delays


def test_delays_are_told_once_and_again_if_they_could_not_be() -> None:
    delays = Delays()
    delays.lost("user:7", 3, 5)
    delays.froze(1.0, 9.0)
    told = delays.take()
    assert [(one.kind, one.stream, one.first, one.last) for one in told] == [
        ("lost", "user:7", 3, 5),
        ("frozen", "", 0, 0),
    ]
    assert delays.take() == []
    delays.lost("user:8", 1, 1)
    delays.put_back(told)
    assert [one.stream for one in delays.take()] == ["user:7", "", "user:8"]


def test_of_many_lost_wake_ups_the_last_row_says_that_there_were_more() -> None:
    delays = Delays()
    for number in range(MOST_DELAYS + 50):
        delays.lost(f"user:{number}", 1, 1)
    *named, more = delays.take()
    assert len(named) == MOST_DELAYS
    assert more == Delayed("lost", "", 0, 0, more.began_at, more.ended_at)
    assert more.began_at <= more.ended_at
