"""Every item that is there is told of as come once, and every one that went as gone."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from realtime.core.roster import Roster


def test_one_that_came_and_went_between_two_reports_is_never_told_of() -> None:
    roster: Roster[int] = Roster()
    roster.add("a", 1)
    roster.remove("a")
    assert roster.take() == ({}, set())


def test_while_nothing_changes_there_is_nothing_to_tell() -> None:
    roster: Roster[int] = Roster()
    roster.add("a", 1)
    assert roster.take() == ({"a": 1}, set())
    assert roster.take() == ({}, set())


@example(["come", "come", "answer lost", "go"])
@given(st.lists(st.sampled_from(["come", "go", "told", "lost", "answer lost"])))
def test_what_is_stored_is_what_is_there_however_reports_fail(steps: list[str]) -> None:
    roster: Roster[str] = Roster()
    here: list[str] = []
    stored: set[str] = set()

    def store(changes: tuple[dict[str, str], set[str]]) -> None:
        stored.difference_update(changes[1])
        stored.update(changes[0])

    for number, step in enumerate(steps):
        if step == "come":
            here.append(str(number))
            roster.add(str(number), "socket")
        elif step == "go" and here:
            roster.remove(here.pop(0))
        elif step in {"told", "lost", "answer lost"}:
            changes = roster.take()
            if step != "lost":
                store(changes)
            if step != "told":
                if here:  # one leaves while the report is under way
                    roster.remove(here.pop())
                roster.put_back(changes)
    store(roster.take())
    assert stored == set(here)
