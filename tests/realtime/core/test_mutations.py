"""The state machine of test_machine.py finds each wrong version of a decision of the core."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from realtime.core import continuity, resume
from realtime.core.continuity import Head, Heard, Page, StreamPosition
from realtime.core.resume import StartPosition
from tests.realtime.core import test_machine


def _what_is_behind_is_delivered(place: StreamPosition, epoch: str, offset: int) -> Heard:
    heard = continuity.hear(place, epoch, offset)
    return Heard.NEXT if heard is Heard.OLD else heard


def _holes_are_delivered_over(place: StreamPosition, epoch: str, offset: int) -> Heard:
    heard = continuity.hear(place, epoch, offset)
    return Heard.NEXT if heard is Heard.AHEAD else heard


def _any_epoch_is_believed(place: StreamPosition, epoch: str, offset: int) -> Heard:
    return continuity.hear(place, place.epoch, offset)


def _a_page_is_delivered_from_its_start(place: StreamPosition, *given: Any) -> Page:
    page = continuity.turn_page(place, *given)
    return page if page.resync else Page(0, page.stop)


def _only_the_newest_of_a_page_is_delivered(
    place: StreamPosition, asked: int, head: Head, rows: Any
) -> Page:
    page = continuity.turn_page(place, asked, head, rows)
    return page if page.resync or page.stop - page.start < 2 else Page(page.stop - 1, page.stop)


def _a_trimmed_page_is_skipped(place: StreamPosition, *given: Any) -> Page:
    page = continuity.turn_page(place, *given)
    return Page(0, 0) if page.resync == "trimmed" else page


def _resume_begins_one_early(**given: Any) -> StartPosition:
    start = resume.decide(**given)
    return StartPosition(start.offset - 1) if given["since"] and not start.resync else start


def _resume_begins_one_late(**given: Any) -> StartPosition:
    start, since = resume.decide(**given), given["since"]
    behind = since is not None and since < given["head"] and not start.resync
    return StartPosition(start.offset + 1) if behind else start


def _a_trim_resynchronises_all_who_are_behind(**given: Any) -> StartPosition:
    start, since = resume.decide(**given), given["since"]
    behind = since is not None and since < given["head"] and given["floor"]
    return StartPosition(given["head"], "trimmed") if behind and not start.resync else start


def _an_old_epoch_is_continued(**given: Any) -> StartPosition:
    return resume.decide(**given | {"epoch": None})


MUTATIONS: dict[str, list[Callable[..., object]]] = {
    "hear": [_what_is_behind_is_delivered, _holes_are_delivered_over, _any_epoch_is_believed],
    "turn_page": [
        _a_page_is_delivered_from_its_start,
        _only_the_newest_of_a_page_is_delivered,
        _a_trimmed_page_is_skipped,
    ],
    "decide": [
        _resume_begins_one_early,
        _resume_begins_one_late,
        _a_trim_resynchronises_all_who_are_behind,
        _an_old_epoch_is_continued,
    ],
}


# Hypothesis looks for the shortest schedule that fails; to see that one fails, chance is quicker.
Step = Callable[[test_machine.Machine, random.Random], None]
STEPS: list[tuple[int, Step]] = [  # each with its weight
    (3, lambda machine, chance: machine.publish(chance.randint(1, 8), commits=True)),
    (1, lambda machine, chance: machine.trim(chance.random())),
    (1, lambda machine, chance: machine.restore_and_bump(chance.randint(0, 3))),
    (1, lambda machine, chance: machine.lie(chance.randint(0, 1), chance.randint(0, 50))),
    (2, lambda machine, chance: machine.wake_in_order(chance.randint(0, 1))),
    (
        1,
        lambda machine, chance: machine.wake_one(chance.randint(0, 50), chance.randint(0, 1), True),
    ),
    (1, lambda machine, chance: machine.reconcile(chance.randint(0, 1))),
    (2, lambda machine, chance: machine.take_page(chance.randint(0, 1))),
    (2, lambda machine, chance: machine.connect(chance.randint(0, 2), chance.randint(0, 1))),
    (1, lambda machine, chance: machine.ack(chance.randint(0, 2))),
    (3, lambda machine, chance: machine.replay(chance.randint(0, 1))),
]


def play(seed: int) -> None:
    chance, machine = random.Random(seed), test_machine.Machine()
    for _, step in chance.choices(STEPS, [weight for weight, _ in STEPS], k=40):
        step(machine, chance)
        machine.everything_once_and_in_order()
        machine.nobody_resynchronises_without_a_reason()
    machine.teardown()


@pytest.mark.parametrize(
    ("decision", "mutation"),
    [(name, mutation) for name, mutations in MUTATIONS.items() for mutation in mutations],
    ids=lambda value: value if isinstance(value, str) else value.__name__.strip("_"),
)
def test_the_machine_finds_a_mutation(
    monkeypatch: pytest.MonkeyPatch, decision: str, mutation: Callable[..., object]
) -> None:
    for seed in range(100):
        play(seed)
    monkeypatch.setattr(test_machine, decision, mutation)
    with pytest.raises(AssertionError):
        for seed in range(10_000):
            play(seed)
