"""Hold the adapter of Coinbase against a real session, and its candles against their truth.

    python -m tests.market.real FILE.txt.xz

The file has a frame a line, with the time of its arrival: `1618677817.06: {"type":…}`. It is not
shipped with the project. Ends with 1 if anything of it cannot be explained.
"""

from __future__ import annotations

import argparse
import lzma
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tests.market.truth import candles, deals

if TYPE_CHECKING:
    from hoardrun.market.feeds.events import Event

EXPONENT = 12
# Of a channel that we do not subscribe to.
NOT_ASKED_FOR = ("l2update", "snapshot")


class Frame(NamedTuple):
    at: int  # microseconds
    text: str


def read_frames(path: Path) -> list[Frame]:
    """Return the frames that the venue sent; what was sent to it, and empty lines, are left out."""
    frames = []
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            at, colon, text = line.rstrip("\n").partition(": ")
            if colon and not line.startswith("wss:"):
                frames.append(Frame(int(Decimal(at) * 1_000_000), text))
    return frames


def main(path: Path) -> Sequence[str]:
    """Check a file and print its figures; return what is wrong."""
    from hoardrun.market.feeds.coinbase.protocol import Coinbase
    from hoardrun.market.feeds.events import Missed, Odd

    frames = read_frames(path)
    coinbase = Coinbase()
    began = time.perf_counter()
    for frame in frames:
        coinbase.read(frame.text)
    print(f"{(time.perf_counter() - began) / len(frames) * 1e6:.1f} µs a frame")
    coinbase = Coinbase()
    wrong: list[str] = []
    kinds: Counter[str] = Counter()
    found: list[tuple[int, Event]] = []
    for frame in frames:
        kind = msgspec.json.decode(frame.text)["type"]
        kinds[kind] += 1
        events = coinbase.read(frame.text)
        if kind in NOT_ASKED_FOR:
            if not all(isinstance(event, Odd) for event in events):
                wrong.append(f"{kind} was read as something else")
            continue
        odd = [event for event in events if isinstance(event, Odd)]
        wrong += [f"{kind}: {event.why}" for event in odd]
        found += [(frame.at, event) for event in events]
    missed = sum(isinstance(event, Missed) for _, event in found)
    if missed:
        wrong.append(f"{missed} holes in the numbers of trades")
    print(f"frames: {dict(kinds)}")
    print(f"events: {dict(Counter(type(event).__name__ for _, event in found))}")
    print(f"verdicts of the gate: {dict(_judge(found))}")
    wrong += _check_candles(frames, found)
    return wrong


def _judge(found: Sequence[tuple[int, Event]]) -> Counter[str]:
    """Let the gate of each product judge its prices, in the order in which they came."""
    from hoardrun.market.feeds.events import Ticker, Trade
    from hoardrun.market.gate import JUMP_PERCENT, Gate, Limits
    from hoardrun.market.scaled import scale

    gates: defaultdict[str, Gate] = defaultdict(lambda: Gate(Limits(JUMP_PERCENT["crypto"])))
    for at, event in found:
        if isinstance(event, Ticker):
            gates[event.symbol].ticker(
                scale(event.price, EXPONENT), event.at, at, is_snapshot=event.is_snapshot
            )
        elif isinstance(event, Trade):
            gates[event.symbol].trade(
                scale(event.price, EXPONENT), event.at, at, trade_id=event.trade_id
            )
    return sum((Counter(map(str, gate.counts.elements())) for gate in gates.values()), Counter())


def _check_candles(frames: Sequence[Frame], found: Sequence[tuple[int, Event]]) -> Iterator[str]:
    """Compare the candles of our builder with those of the trades' text."""
    from hoardrun.market.candles.builder import Builder
    from hoardrun.market.candles.minutes import Kind
    from hoardrun.market.engine.prices import Accepted
    from hoardrun.market.feeds.events import Trade
    from hoardrun.market.scaled import scale, unscale

    truth = candles(deals(_recording(frames)))
    ids = {symbol: number for number, symbol in enumerate(sorted({key[0] for key in truth}))}
    builder = Builder(lambda source: Kind.TRADES)
    built: dict[tuple[str, int], tuple[object, ...]] = {}
    for at, event in found:
        if not isinstance(event, Trade) or event.is_history:
            continue
        price, size = scale(event.price, EXPONENT), scale(event.size, EXPONENT)
        number = ids[event.symbol]
        builder.take(
            Accepted(number, event.symbol, price, event.at, "coinbase", size, event.trade_id),
            at,
        )
    names = {number: symbol for symbol, number in ids.items()}
    for drawn in builder.drain():
        values = drawn.values
        prices = (unscale(each, EXPONENT) for each in values[:4])
        volume = unscale(values.volume or 0, EXPONENT)
        built[names[drawn.instrument_id], drawn.bucket] = (*prices, volume, values.trades)
    print(f"candles: {len(truth)} by the text, {len(built)} built, holes: {builder.holes}")
    for key in sorted(truth.keys() | built.keys()):
        if built.get(key) != truth.get(key):
            yield f"candle {key} is {built.get(key)} instead of {truth.get(key)}"


def _recording(frames: Sequence[Frame]) -> Path:
    """Write the frames in the format of our recordings."""
    from hoardrun.market.feeds import times
    from hoardrun.market.recording.format import Header, Writer

    path = Path(tempfile.mkdtemp()) / "real.jsonl"
    began = frames[0].at
    header = Header("coinbase", times.text(began), "not shipped", "a real session", ("*",))
    with Writer(path, header) as file:
        for frame in frames:
            file.write(frame.at - began, "in", frame.text)
        file.end(frames[-1].at - began)
    return path


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hoardrun.settings")
    django.setup()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    problems = main(parser.parse_args().file)
    print("\n".join(problems[:20]) or "all of it is explained")
    raise SystemExit(bool(problems))
