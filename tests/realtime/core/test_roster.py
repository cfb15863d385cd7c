"""Each new item is reported once as added, and each removed one as gone."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from realtime.core.roster import Changes, Roster


def test_an_item_added_and_removed_between_reports_is_not_reported() -> None:
    roster: Roster[int] = Roster()
    roster.add("a", 1)
    roster.remove("a")
    assert roster.take() == ({}, {}, set())


def test_a_change_is_told_once_unless_its_item_comes_or_goes() -> None:
    roster: Roster[int] = Roster()
    for key in "abc":
        roster.add(key, 1)
    roster.take()
    for key in "abcd":
        roster.change(key, 2)
    roster.remove("b")
    roster.add("e", 1)
    roster.change("e", 2)
    changes = roster.take()
    assert changes == ({"e": 1}, {"a": 2, "c": 2, "d": 2}, {"b"})
    roster.remove("c")
    roster.put_back(changes)
    assert roster.take() == ({"e": 1}, {"a": 2, "d": 2}, {"b", "c"})


def test_a_report_without_changes_is_empty() -> None:
    roster: Roster[int] = Roster()
    roster.add("a", 1)
    assert roster.take() == ({"a": 1}, {}, set())
    assert roster.take() == ({}, {}, set())


@example(["come", "come", "answer lost", "go"])
@given(st.lists(st.sampled_from(["come", "go", "told", "lost", "answer lost"])))
def test_the_stored_items_are_the_present_ones_after_any_failures(steps: list[str]) -> None:
    roster: Roster[str] = Roster()
    here: list[str] = []
    stored: set[str] = set()

    def store(changes: Changes[str]) -> None:
        stored.difference_update(changes.gone)
        stored.update(changes.came)

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
