"""The truth of a recording is right where one can see it, and the shipped recordings are whole."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from hoardrun.market.recording.format import Header, Writer, load
from tests.market import synthetic, truth
from tests.market.truth import MINUTE, Bar, candles, crossings, deals, microseconds

SECOND = 1_000_000
NAMES = ("kraken-calm", "kraken-storm", "coinbase-cut")
BEGAN = "2026-11-30T13:00:00Z"


def written(path: Path, trades: list[tuple[float, int, str, str, str]]) -> Path:
    """Write trades of Coinbase: when they come, their number, second, price and size."""
    with Writer(path, Header("coinbase", BEGAN, "", "", ("BTC-USD",))) as file:
        for arrival, number, second, price, size in trades:
            frame = {"type": "match", "trade_id": number, "product_id": "BTC-USD"} | {
                "price": price,
                "size": size,
                "time": f"2026-11-30T13:0{second}Z",
            }
            file.write(int(arrival * SECOND), "in", json.dumps(frame))
        file.end(300 * SECOND)
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return written(
        tmp_path / "r.jsonl",
        [
            (1.1, 1, "0:01.000001", "100.10", "1"),
            (1.2, 3, "0:01.000900", "100.30", "2"),  # in the same millisecond as the next
            (1.3, 2, "0:01.000950", "100.20", "0.5"),
            (1.4, 2, "0:01.000950", "100.20", "0.5"),  # repeated
            (130, 4, "2:10", "99.00", "1"),
            (140, 5, "0:59.5", "101.00", "4"),  # 80 seconds after its minute
        ],
    )


def a_bar(first: str, high: str, low: str, last: str, volume: str, trades: int) -> Bar:
    return Bar(Decimal(first), Decimal(high), Decimal(low), Decimal(last), Decimal(volume), trades)


def test_candles_are_those_that_one_computes_by_hand(recording: Path) -> None:
    found = candles(deals(recording))
    began = microseconds(BEGAN)
    assert found == {
        ("BTC-USD", began): a_bar("100.10", "101.00", "100.10", "101.00", "7.5", 4),
        ("BTC-USD", began + 2 * MINUTE): a_bar("99.00", "99.00", "99.00", "99.00", "1", 1),
    }


def test_those_that_come_too_late_are_left_out(recording: Path) -> None:
    bar = candles(deals(recording), grace=30 * SECOND)["BTC-USD", microseconds(BEGAN)]
    assert bar == a_bar("100.10", "100.30", "100.10", "100.30", "3.5", 3)


def test_a_crossing_comes_from_the_other_side_and_reaches_the_threshold(recording: Path) -> None:
    found = deals(recording)

    def numbers(threshold: str, above: bool) -> list[int]:
        crossed = crossings(found, "BTC-USD", Decimal(threshold), above=above)
        return [deal.trade_id for deal in crossed]

    assert numbers("100.30", True) == [3, 5]
    assert numbers("100.10", True) == [5]  # it began there: that is no crossing
    assert numbers("100.20", False) == [2]
    assert numbers("98.99", False) == []


def test_weeks_begin_on_mondays_and_days_in_utc() -> None:
    assert truth.bucket(microseconds("2026-12-02T10:00:00Z"), truth.WEEK) == microseconds(
        "2026-11-30T00:00:00Z"
    )
    assert truth.bucket(microseconds("2026-12-02T23:59:59.9Z"), 1440) == microseconds(
        "2026-12-02T00:00:00Z"
    )


def test_a_shift_moves_all_times(recording: Path) -> None:
    plain, moved = deals(recording), deals(recording, shift=MINUTE)
    assert [(d.at + MINUTE, d.arrived + MINUTE) for d in plain] == [
        (d.at, d.arrived) for d in moved
    ]


def test_the_script_knows_nothing_of_hoardrun(recording: Path) -> None:
    command = [sys.executable, "-I", truth.__file__, str(recording)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == [
        "symbol,begin,open,high,low,close,volume,trades",
        "BTC-USD,2026-11-30T13:00:00Z,100.10,101.00,100.10,101.00,7.5,4",
        "BTC-USD,2026-11-30T13:02:00Z,99.00,99.00,99.00,99.00,1,1",
    ]
    assert "hoardrun" not in Path(truth.__file__).read_text().split('"""', 2)[2]


def test_the_shipped_recordings_are_what_the_generator_makes(tmp_path: Path) -> None:
    synthetic.ship(tmp_path)
    for name in NAMES:
        made, shipped = (folder / f"{name}.jsonl" for folder in (tmp_path, synthetic.RECORDINGS))
        assert made.read_bytes() == shipped.read_bytes(), "run `python -m tests.market.synthetic`"
        assert shipped.stat().st_size <= 300_000
        assert load(shipped).header.synthetic


@pytest.mark.parametrize("name", ["kraken-calm", "kraken-storm"])
def test_the_candles_in_a_recording_of_kraken_are_those_of_its_trades(name: str) -> None:
    path = synthetic.RECORDINGS / f"{name}.jsonl"
    last: dict[tuple[str, int], Bar] = {}
    for line in load(path).lines:
        if line.direction == "in":
            frame = json.loads(line.text, parse_float=Decimal)
            if frame.get("channel") == "ohlc":
                (item,) = frame["data"]
                keys = ("open", "high", "low", "close", "volume", "trades")
                key = item["symbol"], microseconds(item["interval_begin"])
                last[key] = Bar(*(item[key] for key in keys))
    assert last == candles(deals(path))


def test_a_day_has_trades_in_every_hour(tmp_path: Path) -> None:
    synthetic.day(tmp_path / "day.jsonl", minutes=130)
    assert len({begin for _, begin in candles(deals(tmp_path / "day.jsonl"), 60)}) == 3
