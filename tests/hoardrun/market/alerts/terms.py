"""Leaders that follow each other while a venue trades, with rows that only the leading one changes.

Everything is played by a seed and by one clock: what arrives when, which trades come late, the cuts
of a connection, how slowly rows are stored, and when a leader dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from hoardrun.market.alerts.board import Board, Fires, Rearms
from hoardrun.market.alerts.choices import Metric
from hoardrun.market.alerts.desk import Desk, Entry, Known
from hoardrun.market.alerts.history import LATEST
from hoardrun.market.alerts.judge import Verdict, judged, may_rearm, waiting
from hoardrun.market.alerts.missed import Hole, MissedPrice
from hoardrun.market.alerts.models import PriceAlert
from hoardrun.market.alerts.times import microseconds_of, moment_of
from hoardrun.market.engine.prices import Accepted, Gap

SECOND = 1_000_000
COOLDOWN = 15 * SECOND
END = 240 * SECOND
KEY, FIRST = 1, 100


class Deal(NamedTuple):
    at: int
    price: int
    arrives: int


class Told(NamedTuple):
    at: int
    price: int


@dataclass
class Play:
    """A venue, alerts on it, and what was told of each."""

    random: Random
    deals: list[Deal] = field(default_factory=list)
    rows: dict[int, PriceAlert] = field(default_factory=dict)
    told: dict[int, list[Told]] = field(default_factory=dict)
    noted: Known = Known(FIRST, 0)  # of the cursor
    quoted: Known = Known(FIRST, 0)

    def run(self) -> None:
        self._trade()
        for key in range(1, 21):
            self._watch(key)
        begin = 0
        while begin < END + 20 * SECOND:
            end = begin + self.random.randint(5, 40) * SECOND
            Term(self, begin, end).run()
            begin = end + self.random.randint(1, 14) * SECOND

    def wrongly_told(self) -> Iterator[tuple[PriceAlert, Told, Told]]:
        """Yield pairs of which the alert cannot have been armed again between the two."""
        for key, told in self.told.items():
            row = self.rows[key]
            for one, two in zip(told, told[1:], strict=False):
                back = waiting(row).back
                prices = [deal.price for deal in self.deals if one.at <= deal.at <= two.at]
                is_back = min(prices) <= back if row.is_above else max(prices) >= back
                if two.at - one.at < COOLDOWN or not is_back:
                    yield row, one, two

    def _trade(self) -> None:
        at, price = 0, FIRST
        while at < END:
            at += self.random.randint(SECOND // 10, 2 * SECOND)
            step = self.random.choice([0, 0, 1, -1, 6, -6, FIRST - price])
            price = max(85, min(115, price + step))
            is_late = self.random.random() < 1 / 6
            delay = 10 * SECOND if is_late else self.random.randint(1_000, 200_000)
            self.deals.append(Deal(at, price, at + delay))

    def _watch(self, key: int) -> None:
        kind = self.random.choice(["price_above", "price_below"])
        threshold = FIRST + self.random.randint(1, 10) * (1 if kind == "price_above" else -1)
        self.told[key] = []
        self.rows[key] = PriceAlert(
            pk=key, instrument_id=KEY, kind=kind, threshold=threshold, mode="repeat",
            hysteresis=self.random.choice([None, 3, 6]), state="armed", armed_as_of=moment_of(0),
            cooldown_seconds=COOLDOWN // SECOND,
        )  # fmt: skip


class Term:
    """The time of one leader, which begins with what the rows say."""

    def __init__(self, play: Play, begin: int, end: int) -> None:
        self.play, self.begin, self.end = play, begin, end
        board, until = Board(), 0
        for row in play.rows.values():
            if row.state == "armed":
                board.arm(row.pk, Metric.PRICE, is_above=row.is_above, threshold=row.threshold)
                until = max(until, microseconds_of(row.armed_as_of or moment_of(0)))
            else:
                board.wait(waiting(row))
        known = max(play.noted, play.quoted, key=lambda each: each.at)
        board.begin(known.price, known.at, until)
        self.desk = Desk({KEY: board}, judged={KEY: play.noted.at}, quoted={KEY: play.quoted})
        self.newest: Known | None = None
        self.asked: tuple[Hole, int] | None = None

    def run(self) -> None:
        events = [event for event in self._events() if self.begin <= event[0] < self.end]
        for now, _, what, deal in sorted(events, key=lambda event: event[:2]):
            match what:
                case "trade":
                    assert deal is not None
                    self._trade(deal)
                case "cut":
                    since = self.begin if self.newest is None else self.newest.at
                    self.desk.take([Gap(KEY, "X", "venue", since, now)])
                case "note":
                    self._note()
                case "ask":
                    self._ask(now)
                case "store":
                    self._store()

    def _events(self) -> Iterator[tuple[int, int, str, Deal | None]]:
        random = self.play.random
        cut = random.randint(self.begin, self.end)
        back = cut + random.randint(1, 6) * SECOND * random.randint(0, 1)
        yield back, 0, "cut", None
        for deal in self.play.deals:
            if not cut <= deal.arrives < back:
                yield deal.arrives, 1, "trade", deal
        yield from ((now, 2, "note", None) for now in range(self.begin, self.end, 5 * SECOND))
        yield from ((now, 4, "ask", None) for now in range(self.begin, self.end, SECOND // 2))
        now = self.begin
        while now < self.end:
            now += random.choice([5_000, 20_000, 200_000, 2 * SECOND])
            yield now, 3, "store", None

    def _trade(self, deal: Deal) -> None:
        is_late = self.newest is not None and deal.at < self.newest.at
        if not is_late:
            self.newest = Known(deal.price, deal.at)
        self.desk.take(
            [
                Accepted(
                    KEY, "X", deal.price, deal.at, "venue", 1, is_history=is_late, is_late=is_late
                )
            ]
        )

    def _note(self) -> None:
        self.play.noted = self.desk.judged().get(KEY, self.play.noted)
        if self.newest is not None:
            self.play.quoted = max(self.play.quoted, self.newest, key=lambda each: each.at)

    def _ask(self, now: int) -> None:
        """Answer what is asked of a time that was missed, some seconds later."""
        if self.asked is None:
            if hole := self.desk.missed.due(float("inf")):
                self.asked = hole, now + self.play.random.randint(SECOND // 10, 6 * SECOND)
        elif self.asked[1] <= now:
            hole, self.asked = self.asked[0], None
            found = [
                MissedPrice(deal.price, deal.price, None, deal.at)
                for deal in self.play.deals
                if hole.since - LATEST <= deal.at <= hole.until and deal.arrives <= now
            ]
            self.desk.fill(KEY, found, "venue")
            self.desk.missed.closed(hole)

    def _store(self) -> None:
        """Store one task, as the engine's consumer does with rows of the database."""
        if (task := self.desk.work.next()) is None:
            return
        rows = [self.play.rows[key] for key in task.effect.ids]
        match task.effect:
            case Fires() as fires:
                for row in rows:
                    self._fire(row, fires)
            case Rearms() as rearms:
                for row in rows:
                    self._rearm(row, rearms)
        self.desk.work.done(task)

    def _fire(self, row: PriceAlert, fires: Fires) -> None:
        verdict, number = judged(row, fires)
        if verdict is Verdict.KEEP:
            entry = Entry(row.pk, 1, Metric.PRICE, row.is_above, row.threshold)
            self.desk.watch(KEY, entry)
            return
        if number is not None:
            row.state, row.last_fired_as_of = "waiting_rearm", moment_of(number.at)
            self.play.told[row.pk].append(Told(number.at, number.price))
        self.desk.wait(KEY, waiting(row))

    def _rearm(self, row: PriceAlert, rearms: Rearms) -> None:
        if row.state != "waiting_rearm":
            return
        if may_rearm(row, rearms):
            row.state, row.armed_as_of = "armed", moment_of(rearms.at)
        else:
            self.desk.wait(KEY, waiting(row))
