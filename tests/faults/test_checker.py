"""The checker finds nothing in a clean history, and each kind of violation in one that has it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checker import VERDICTS, Checker
from tests.faults.journal import Journal, canary
from tests.faults.truth import Stream, Truth

E = "e1"


def log_of(name: str, user: int | None, count: int) -> Stream:
    events = {n: canary(user, f"p-{n}", 0) for n in range(1, count + 1)}
    return Stream(name, E, count, 0, events)


class World:
    """Two users with a device each, of whom the second acknowledges; all is well."""

    def __init__(self) -> None:
        self.truth = Truth(
            streams={
                stream.name: stream
                for stream in (
                    log_of("user:1", 1, 4),
                    log_of("user:2", 2, 2),
                    log_of("announcements", None, 0),
                )
            },
            rows={"1/p-4/0": 1},
            row_events={"1/p-4/0"},
            cursors={("d2", "user:2"): (E, 2)},
        )
        self.ledger: list[list[Any]] = []
        for stream in self.truth.streams.values():
            for offset, text in stream.events.items():
                attempt = f"{stream.name}/{offset}"
                self.ledger.append(["begin", attempt, [[stream.name, text]]])
                self.ledger.append(["end", attempt, "ok", [[stream.name, text, E, offset]]])
        self.ledger.append(["begin", "gone", [["user:1", "1/gone/0"]]])
        self.ledger.append(["end", "gone", "failed", []])
        self.lost: list[list[Any]] = []  # with a primary
        self.devices = {"d1": self.journal("d1", 1), "d2": self.journal("d2", 2)}
        self.devices["d2"].append(["acked", "d2", 1, "user:2", E, 2])

    def trim(self, name: str, floor: int) -> None:
        stream = self.truth.streams[name]
        stream.floor = floor
        for offset in range(1, floor + 1):
            stream.taken[offset] = stream.events.pop(offset)

    def journal(self, device: str, user: int) -> list[list[Any]]:
        stream = self.truth.streams[f"user:{user}"]
        places = {stream.name: [E, 0], "announcements": [E, 0]}
        opened = ["open", device, 1, user, places, "new", user]
        return [opened] + [
            ["event", device, 1, stream.name, E, offset, text]
            for offset, text in stream.events.items()
        ]

    def check(self, folder: Path, reasons: dict[str, float] | None = None) -> Checker:
        (folder / "lost-1.json").write_text(json.dumps(self.lost))
        ledger = Journal(folder / "ledger-p.jsonl")
        for line in self.ledger:
            ledger.note(*line)
        journal = Journal(folder / "journal-c.jsonl")
        for lines in self.devices.values():
            for line in lines:
                journal.note(*line)
        checker = Checker(copy.deepcopy(self.truth), folder, reasons)
        checker.run()
        return checker


def test_a_clean_history_is_clean(tmp_path: Path) -> None:
    verdict = World().check(tmp_path).verdict
    assert verdict.clean, verdict.examples
    assert (verdict.figures["events"], verdict.figures["delivered"]) == (6, 6)


def never_delivered(world: World) -> None:
    del world.devices["d1"][2]


def last_not_delivered(world: World) -> None:
    del world.devices["d1"][-1]


def delivered_twice(world: World) -> None:
    world.devices["d1"].append(world.devices["d1"][-1])


def swapped(world: World) -> None:
    lines = world.devices["d1"]
    lines[2], lines[3] = lines[3], lines[2]


def to_somebody_else(world: World) -> None:
    world.devices["d2"][1][6] = "1/p-1/0"


def a_stream_of_somebody_else(world: World) -> None:
    world.devices["d2"].append(["foreign", "d2", 1, "user:1", "", 1, "1/p-1/0"])


def greeted_as_somebody_else(world: World) -> None:
    world.devices["d2"] = world.journal("d2", 1)
    world.devices["d2"][0][6] = 2


def dropped_and_of_somebody_else(world: World) -> None:
    world.devices["d2"].append(["again", "d2", 2, "user:2", E, 1, "1/p-1/0"])


def said_twice_on_one_connection(world: World) -> None:
    world.devices["d2"].append(["again", *world.devices["d2"][1][1:]])


def trimmed_in_the_middle(world: World) -> None:
    world.trim("user:1", 2)
    del world.truth.streams["user:1"].taken[1]


def trimmed_and_never_delivered(world: World) -> None:
    world.trim("user:1", 2)
    del world.devices["d1"][2]


def trimmed_that_was_never_stored(world: World) -> None:
    world.trim("user:2", 2)
    world.truth.streams["user:2"].taken[2] = "2/other/0"


def told_that_its_past_is_gone_when_it_is_not(world: World) -> None:
    """Its place is at the floor: all that it lacks is in the log."""
    world.trim("user:1", 2)
    world.devices["d1"][3:] = [["resync", "d1", 2, "user:1", "trimmed", E, 4]]


def told_of_an_epoch_that_it_knows(world: World) -> None:
    world.devices["d1"][3:] = [["resync", "d1", 2, "user:1", "epoch", E, 4]]


def in_somebody_elses_stream(world: World) -> None:
    world.truth.streams["user:2"].events[1] = "1/p-1/0"


def rolled_back_and_delivered(world: World) -> None:
    world.devices["d1"][2][6] = "1/gone/0"


def rolled_back_and_stored(world: World) -> None:
    world.truth.streams["user:1"].events[5] = "1/gone/0"
    world.truth.streams["user:1"].head = 5


def answered_and_not_stored(world: World) -> None:
    world.truth.streams["user:2"].events[2] = "2/other/0"


def half_of_a_transaction(world: World) -> None:
    world.ledger[0][2] = [["user:1", "1/p-1/0"], ["user:2", "2/never/0"]]
    world.ledger[1][2:] = ["unknown", []]


def a_hole_in_the_log(world: World) -> None:
    del world.truth.streams["user:1"].events[2]


def stored_twice(world: World) -> None:
    world.truth.streams["user:1"].events[4] = "1/p-3/0"


def a_row_without_its_event(world: World) -> None:
    world.truth.rows["1/alone/0"] = 1


def an_event_without_its_row(world: World) -> None:
    world.truth.rows.clear()


def an_ack_that_is_not_stored(world: World) -> None:
    world.truth.cursors["d2", "user:2"] = (E, 1)


def a_cursor_ahead_of_its_device(world: World) -> None:
    world.truth.cursors["d1", "user:1"] = (E, 9)


def another_text(world: World) -> None:
    world.devices["d1"][2][6] = "1/p-1/0"


def fail_over(world: World, epoch: str) -> None:
    """Lose the last two of user 1 with a primary, and give their numbers to others."""
    stream = world.truth.streams["user:1"]
    stream.epoch = epoch
    stream.events |= {3: "1/q-3/0", 4: "1/q-4/0"}
    world.lost = [["user:1", 3, "1/p-3/0"], ["user:1", 4, "1/p-4/0"]]
    world.truth.rows, world.truth.row_events = {}, set()
    world.ledger.append(["begin", "again", [["user:1", "1/q-3/0"], ["user:1", "1/q-4/0"]]])
    entries = [["user:1", f"1/q-{n}/0", epoch, n] for n in (3, 4)]
    world.ledger.append(["end", "again", "ok", entries])


def never_told_of_a_failover(world: World) -> None:
    fail_over(world, "e2")


def a_failover_that_nobody_noticed(world: World) -> None:
    fail_over(world, E)


def lost_and_delivered_after_the_failover(world: World) -> None:
    fail_over(world, "e2")
    world.devices["d1"] += [
        ["resync", "d1", 1, "user:1", "epoch", "e2", 2],
        ["event", "d1", 1, "user:1", "e2", 3, "1/p-3/0"],
        ["event", "d1", 1, "user:1", "e2", 4, "1/q-4/0"],
    ]


def told_to_resynchronise(world: World) -> None:
    world.devices["d1"][2] = ["resync", "d1", 1, "user:1", "trimmed", E, 2]


@pytest.mark.parametrize(
    ("break_it", "kind"),
    [
        (never_delivered, "gap"),
        (never_delivered, "lost"),
        (last_not_delivered, "stuck"),
        (last_not_delivered, "lost"),
        (delivered_twice, "doubled"),
        (swapped, "reordered"),
        (to_somebody_else, "wrong_user"),
        (in_somebody_elses_stream, "wrong_user"),
        (a_stream_of_somebody_else, "wrong_user"),
        (greeted_as_somebody_else, "wrong_user"),
        (dropped_and_of_somebody_else, "wrong_user"),
        (said_twice_on_one_connection, "doubled"),
        (trimmed_in_the_middle, "log_gap"),
        (trimmed_and_never_delivered, "lost"),
        (trimmed_that_was_never_stored, "missing"),
        (told_that_its_past_is_gone_when_it_is_not, "resync"),
        (told_of_an_epoch_that_it_knows, "resync"),
        (rolled_back_and_delivered, "phantom"),
        (rolled_back_and_stored, "phantom"),
        (answered_and_not_stored, "missing"),
        (half_of_a_transaction, "partial"),
        (a_hole_in_the_log, "log_gap"),
        (stored_twice, "doubled"),
        (a_row_without_its_event, "rows"),
        (an_event_without_its_row, "rows"),
        (an_ack_that_is_not_stored, "cursor"),
        (a_cursor_ahead_of_its_device, "cursor"),
        (another_text, "content"),
        (told_to_resynchronise, "resync"),
        (never_told_of_a_failover, "unaware"),
        (a_failover_that_nobody_noticed, "content"),
        (lost_and_delivered_after_the_failover, "content"),
    ],
)
def test_each_violation_is_found(break_it: Any, kind: str, tmp_path: Path) -> None:
    world = World()
    break_it(world)
    # A reason given to other devices excuses no device that it does not concern.
    reasons = {} if break_it is told_to_resynchronise else {"trimmed": 0.0, "epoch": 0.0}
    verdict = world.check(tmp_path, reasons=reasons).verdict
    assert verdict.counts[kind] >= 1, verdict.examples


def test_every_verdict_has_a_test() -> None:
    [mark] = [m for m in test_each_violation_is_found.pytestmark if m.name == "parametrize"]
    assert {kind for _, kind in mark.args[1]} == set(VERDICTS)


def test_a_resynchronisation_with_a_reason_excuses_what_it_passes_over(tmp_path: Path) -> None:
    world = World()
    told_to_resynchronise(world)
    world.trim("user:1", 2)
    verdict = world.check(tmp_path, reasons={"trimmed": 0.0}).verdict
    assert verdict.clean, verdict.examples


def test_what_was_lost_with_a_primary_is_excused_for_who_was_told(tmp_path: Path) -> None:
    world = World()
    fail_over(world, "e2")
    world.devices["d1"] += [
        ["resync", "d1", 1, "user:1", "epoch", "e2", 2],
        ["event", "d1", 1, "user:1", "e2", 3, "1/q-3/0"],
        ["event", "d1", 1, "user:1", "e2", 4, "1/q-4/0"],
    ]
    verdict = world.check(tmp_path, reasons={"epoch": 0.0}).verdict
    assert verdict.clean, verdict.examples


def test_an_event_dropped_by_its_offset_is_not_applied_twice(tmp_path: Path) -> None:
    world = World()
    again = ["again", "d2", 2, *world.devices["d2"][1][3:]]
    world.devices["d2"].append(again)
    assert world.check(tmp_path).verdict.clean
