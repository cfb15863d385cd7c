"""The notes of a socket."""

from __future__ import annotations

from realtime.core.notes import MOST_NOTES, Note, Notes, noted, read, told


def test_a_note_is_told_with_its_age() -> None:
    notes = noted(None, (100.0, Note(kind="filter", stream="user:7", before=3, types=("a",))))
    assert told(notes, 102.5) == [
        Note(kind="filter", stream="user:7", before=3, types=("a",), seconds_ago=2.5)
    ]
    assert told(None, 102.5) == []


def test_the_oldest_notes_go_and_a_note_says_so() -> None:
    notes: Notes | None = None
    for number in range(2 * MOST_NOTES):
        notes = noted(notes, (0.0, Note(kind="filter", stream="user:7", before=number)))
    assert notes is not None and len(notes) == MOST_NOTES
    assert notes[0][1] == Note(kind="forgotten")
    assert [note.before for _, note in notes[1:]] == list(range(MOST_NOTES + 1, 2 * MOST_NOTES))


def test_stored_notes_of_a_newer_release_say_that_they_are_not_understood() -> None:
    stored = [{"kind": "live", "before": 3, "since": 7}, {"kind": "of_later"}, "text"]
    assert read(stored) == [Note(kind="live", before=3), *2 * [Note(kind="forgotten")]]
