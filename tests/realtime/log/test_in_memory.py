"""The simulation's log answers as the real one does."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction

from notifications.messages import Notification
from realtime import log
from realtime.hub import login_data
from realtime.hub.login_data import LoginKey
from realtime.log import CursorMove, reading
from realtime.models import Event, Stream
from tests.simulation.stored import MOMENT, Stored
from tests.stored import balance

pytestmark = pytest.mark.django_db(transaction=True)

STREAMS = ("user:1", "user:2", "announcements")


class Pair:
    """Both logs, and what one calls the epochs of the other."""

    def __init__(self) -> None:
        self.memory = Stored()
        self._epochs: dict[str, str] = {"": ""}

    def append(self, messages: list[tuple[str, Any]]) -> None:
        ours = self.memory.append(messages)
        with transaction.atomic():
            theirs = log.append(messages)
        for mine, real in zip(ours, theirs, strict=True):
            self._note(real.epoch, mine.epoch)
            assert self._plain(real) == self._plain(mine)

    def _note(self, real: str, mine: str) -> None:
        assert self._epochs.setdefault(real, mine) == mine

    def _plain(self, entry: log.StoredEvent) -> tuple[Any, ...]:
        """Leave out what is of the moment: the epoch's name and the timestamp."""
        text = entry.payload.partition('"timestamp":"')
        rest = text[2][len(MOMENT) :]
        epoch = self._epochs.get(entry.epoch, entry.epoch)
        return (entry.stream, epoch, *entry[2:5], text[0] + rest)

    def _head(self, head: log.Head) -> log.Head:
        return head._replace(epoch=self._epochs.get(head.epoch, head.epoch))

    def trim(self, name: str, keep: int) -> None:
        self.memory.trim(name, keep)
        for stream in Stream.objects.filter(name=name):
            stream.floor = max(stream.floor, stream.head - keep)
            stream.save()
            Event.objects.filter(stream=stream, offset__lte=stream.floor).delete()

    def bump(self, name: str) -> None:
        self.memory.bump_epoch(name)
        log.bump_epoch([name])
        self._note_epochs()

    def begin_anew(self) -> None:
        self.memory.begin_deployment(0)
        log.bump_epoch()
        self._note_epochs()

    def _note_epochs(self) -> None:
        for name, head in log.heads(STREAMS).items():
            self._note(head.epoch, self.memory.streams[name].epoch)

    def ensure(self, name: str) -> None:
        mine, real = self.memory.ensure([name]), log.ensure([name])
        self._note(real[name].epoch, mine[name].epoch)

    def move(self, moves: list[CursorMove]) -> None:
        names = {mine: real for real, mine in self._epochs.items()}
        self.memory.move_cursors(moves)
        log.move_cursors([move._replace(epoch=names[move.epoch]) for move in moves])

    def begin(self, moves: list[CursorMove]) -> None:
        names = {mine: real for real, mine in self._epochs.items()}
        mine = self.memory.begin_cursors(moves)
        real = log.begin_cursors([move._replace(epoch=names[move.epoch]) for move in moves])
        assert mine == {key: (self._epochs[epoch], at) for key, (epoch, at) in real.items()}

    def compare(self, rng: random.Random, users: list[int]) -> None:
        real = {name: self._head(head) for name, head in log.heads(STREAMS).items()}
        assert real == self.memory.heads(STREAMS)
        places = list({(rng.choice(STREAMS), rng.randrange(12)) for _ in range(4)})
        max_bytes = rng.choice((1, 300, 1000, 64 * 1024))
        ours = self.memory.read_many(places, max_bytes=max_bytes)
        theirs = log.read_many(places, max_bytes=max_bytes)
        assert ours.keys() == theirs.keys()
        for place, (head, entries) in theirs.items():
            assert self._head(head) == ours[place][0]
            assert [*map(self._plain, entries)] == [*map(self._plain, ours[place][1])]
        keys = [LoginKey(user, device, "s") for user in users for device in ("", "a", "b", "c")]
        mine = self.memory.load_sessions(keys)
        for key, found in login_data.load(keys).items():
            for name, head in found.heads.items():
                self._note(head.epoch, mine[key].heads[name].epoch)
                assert self._head(head) == mine[key].heads[name]
            cursors = {n: (self._epochs[epoch], at) for n, (epoch, at) in found.cursors.items()}
            assert cursors == mine[key].cursors


@pytest.mark.parametrize("seed", range(4))
def test_both_logs_answer_alike(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 5)
    rng, pair = random.Random(seed), Pair()
    for number in (1, 2):
        get_user_model().objects.create(pk=number, username=f"u{number}")
    for _ in range(60):
        name = rng.choice(STREAMS)
        match rng.randrange(7):
            case 0 | 1 | 2:
                pair.append(
                    [(rng.choice(STREAMS), _payload(rng)) for _ in range(rng.randint(1, 4))]
                )
            case 3:
                pair.trim(name, rng.randrange(6))
            case 4 if rng.random() < 0.3:
                pair.bump(name)
            case 4 if rng.random() < 0.2:
                pair.begin_anew()
            case 5 if name in pair.memory.streams:
                epoch = rng.choice(list(pair.memory.streams[name].lives))
                pair.move([CursorMove(1, rng.choice(("", "a")), name, epoch, rng.randrange(9))])
            case 6 if name in pair.memory.streams:
                epochs = ["", *pair.memory.streams[name].lives]
                pair.begin([_move(rng, name, epochs) for _ in range(2)])
        pair.compare(rng, [1, 2])


def _move(rng: random.Random, name: str, epochs: list[str]) -> CursorMove:
    device = rng.choice(("a", "b", "c"))
    return CursorMove(1, device, name, rng.choice(epochs), rng.randrange(9))


def _payload(rng: random.Random) -> Any:
    text = "x" * rng.choice((1, 200))
    if rng.random() < 0.5:
        return Notification(id="1", title="t", message=text, created_at=MOMENT)
    return balance(text)
