"""Make synthetic recordings: of Kraken in a calm hour and in a storm, of Coinbase that is cut once.

    python -m tests.market.synthetic            # writes tests/market/recordings/ anew
    python -m tests.market.synthetic day FILE   # 24 hours, some 100 MB, for the run of a day

Prices are made up; only the shapes of the frames are the venues'. A seed always makes one file.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hoardrun.market.recording.format import Header, Writer
from tests.market.shapes import Burst, Coinbase, Done, Kraken, Pair

RECORDINGS = Path(__file__).with_name("recordings")
SECOND = 1_000_000
MINUTE = 60 * SECOND
LATE_SECONDS = 10
LICENCE = "BSD-3-Clause, as hoardrun"

Profile = Callable[[float], float]  # minutes since the beginning -> factor of the first price


def calm(minutes: float) -> float:
    return 1.0


def crash(minutes: float) -> float:
    """Fall by 8 % in the second minute, and come back by half in the third."""
    if minutes < 1:
        return 1.0
    if minutes < 2:
        return 1.0 - 0.08 * (minutes - 1)
    return 0.92 + 0.04 * min(1.0, minutes - 2)


@dataclass
class Market:
    """One pair's trades: a walk around a profile, in bursts at random times."""

    pair: Pair
    a_minute: float  # bursts
    profile: Profile = calm
    most: int = 1  # trades in a burst
    flips: tuple[int, int] | None = None  # seconds in which the price only flips over its last one
    silent: tuple[int, int] | None = None  # seconds without trades
    ends: int | None = None  # after so many seconds it is silent for good
    _offset: float = field(default=0.0, init=False)

    def bursts(self, dice: random.Random, length: int) -> Iterator[Burst]:
        """Yield what is traded, ascending by time, microseconds since the beginning."""
        moment = 0
        number = dice.randrange(10**6, 10**8)
        level = 0
        length = length if self.ends is None else self.ends * SECOND
        while True:
            at = moment + max(2000, int(dice.expovariate(self.a_minute / MINUTE)))
            if at >= length:
                return
            if _within(self.silent, at):
                continue
            done = []
            moment = at
            for _ in range(dice.randint(1, self.most)):
                if _within(self.flips, at):
                    level = level or self._price(dice, at)
                    price = level + number % 2
                else:
                    price = self._price(dice, at)
                number += 1
                done.append(
                    Done(price, self._size(dice), moment, number, dice.choice(("buy", "sell")))
                )
                moment += dice.choice((0, 0, 137, 1100))
            yield Burst(self.pair, at, done)

    def _price(self, dice: random.Random, at: int) -> int:
        self._offset = 0.995 * self._offset + dice.gauss(0, self.pair.step)
        return max(1, round(self.pair.start * self.profile(at / MINUTE) + self._offset))

    def _size(self, dice: random.Random) -> int:
        return max(1, int(dice.lognormvariate(0, 1) * self.pair.typical))


def _within(span: tuple[int, int] | None, at: int) -> bool:
    return span is not None and span[0] * SECOND <= at < span[1] * SECOND


def merged(markets: list[Market], dice: random.Random, length: int) -> list[Burst]:
    """Return the bursts of all pairs, ascending."""
    found = [burst for market in markets for burst in market.bursts(dice, length)]
    return sorted(found, key=lambda burst: burst.at)


BTC = Pair("BTC", "USD", 1, 773_401, 45, 2_000_000)
ETH = Pair("ETH", "USD", 2, 281_544, 40, 30_000_000)
SHIB = Pair("SHIB", "USD", 8, 891, 1, 4 * 10**13)
EUR = Pair("EUR", "USD", 5, 116_213, 3, 9_000 * 10**8)
SOL = Pair("SOL", "USD", 2, 14_107, 8, 3 * 10**8)


def kraken(
    path: Path,
    began: str,
    note: str,
    markets: list[Market],
    length: int,
    seed: int,
    late: int = 0,
) -> None:
    """Write a session of Kraken's WebSocket, version 2. One burst in `late` is so."""
    dice = random.Random(seed)
    bursts = merged(markets, dice, length)
    with Writer(path, _header("kraken", began, note, [m.pair.slashed for m in markets])) as file:
        venue = Kraken(file, [market.pair for market in markets], dice)
        venue.greet()
        for number, burst in enumerate(bursts):
            is_late = late and number % late == late - 1
            venue.trade(burst.earlier(LATE_SECONDS * SECOND) if is_late else burst)
        file.end(length)


def coinbase(
    path: Path, began: str, note: str, markets: list[Market], length: int, seed: int
) -> None:
    """Write a session of Coinbase Exchange: cut in its middle, with late and repeated trades."""
    dice = random.Random(seed)
    bursts = merged(markets, dice, length)
    cut, back = length // 2, length // 2 + 25 * SECOND
    with Writer(path, _header("coinbase", began, note, [m.pair.dashed for m in markets])) as file:
        venue = Coinbase(file, [market.pair for market in markets], dice)
        for burst in reversed(bursts):
            venue.before(burst)
        venue.greet(0)
        is_cut = False
        for number, burst in enumerate(bursts):
            if burst.at >= cut and not is_cut:
                is_cut = True
                file.write(cut, "close", "1006 the connection was lost")
                for missed in bursts[number:]:  # what nobody has seen, but for its numbers
                    if missed.at < back:
                        venue.miss(missed)
                venue.greet(back)
            if cut <= burst.at < back:
                continue
            if number % 40 == 20:  # 20 and 40 seconds after their minute, or within it
                burst = burst.earlier((20 if number % 80 == 20 else 40) * SECOND)
            venue.trade(burst)
            if number % 25 == 5:
                venue.repeat()
        file.end(length)


def _header(source: str, began: str, note: str, symbols: list[str]) -> Header:
    return Header(source, began, LICENCE, f"Synthetic: {note}", tuple(symbols), synthetic=True)


def ship(folder: Path) -> None:
    """Write the three that come with the tests, in place of those that are there."""
    for name in ("kraken-calm", "kraken-storm", "coinbase-cut"):
        (folder / f"{name}.jsonl").unlink(missing_ok=True)
    kraken(
        folder / "kraken-calm.jsonl",
        "2026-11-30T13:00:00Z",
        "a calm hour of three pairs and of one that hardly trades.",
        [
            Market(BTC, 1.9),
            Market(ETH, 1.3, silent=(900, 1080)),
            Market(EUR, 0.5),
            Market(SHIB, 0.25),
        ],
        60 * MINUTE,
        seed=1,
    )
    kraken(
        folder / "kraken-storm.jsonl",
        "2026-11-30T14:00:00Z",
        "four minutes in which all fall by 8 %, with bursts of trades within a millisecond.",
        [
            Market(BTC, 24, crash, most=8),
            Market(ETH, 18, crash, most=6, flips=(185, 225)),
            Market(SOL, 10, crash, most=4),
        ],
        4 * MINUTE,
        seed=2,
    )
    coinbase(
        folder / "coinbase-cut.jsonl",
        "2026-11-30T15:00:00Z",
        "forty minutes, cut for 25 seconds in the middle; some trades come late or twice.",
        [Market(BTC.finer(2), 4.0), Market(ETH, 2.5), Market(SHIB, 0.4)],
        40 * MINUTE,
        seed=3,
    )


def day(path: Path, *, seed: int = 4, minutes: int = 1440) -> None:
    """Write a day of Kraken: five pairs, some 40,000 trades."""
    kraken(
        path,
        "2026-11-29T00:00:00Z",
        "a day of five pairs.",
        [
            Market(BTC, 9, most=2),
            Market(ETH, 6, most=2),
            Market(SOL, 3, most=2),
            Market(EUR, 1),
            Market(SHIB, 0.3),
        ],
        minutes * MINUTE,
        seed,
    )


def main(arguments: list[str]) -> None:
    match arguments:
        case []:
            ship(RECORDINGS)
        case ["day", file]:
            day(Path(file))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
