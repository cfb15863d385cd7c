"""Faults meet what they say, for as long and as often as they say."""

from __future__ import annotations

import random

import pytest

from hoardrun.market.recording.faults import Fault, FaultRefused, Faults, Kind, parse
from hoardrun.market.recording.tape import News

SECOND = 1_000_000


def news(symbol: str = "BTC/USD", text: str = '{"price":1.5,"last":"2.50","qty":3}') -> News:
    return News(SECOND, "trade", (symbol,), text)


def laid(*faults: Fault) -> Faults:
    made = Faults(random.Random(1))
    for fault in faults:
        made.lay(fault)
    return made


def test_without_a_fault_a_frame_is_sent_at_once_as_it_is() -> None:
    assert laid().course(news(), 0) == [(0.0, news().text)]


def test_a_fault_is_read_from_its_text() -> None:
    assert parse("silence,symbol=BTC/USD,since=60,until=120.5") == Fault(
        Kind.SILENCE, symbol="BTC/USD", since=60, until=120.5
    )
    assert parse("cut,code=1012,times=1") == Fault(Kind.CUT, code=1012, times=1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no fault ''"),
        ("storm", "Known are: too_many, .*http_busy"),
        ("drop,shares=1", "no 'shares'. It takes: symbol"),
        ("drop,share=half", "share is 'half', which is no number"),
        ("cut,code=1.5", "code is '1.5'"),
    ],
)
def test_a_text_that_is_no_fault_is_refused(text: str, why: str) -> None:
    with pytest.raises(FaultRefused, match=why):
        parse(text)


def test_silence_meets_its_symbol_alone_and_without_one_all() -> None:
    one, all_ = laid(Fault(Kind.SILENCE, symbol="BTC/USD")), laid(Fault(Kind.SILENCE))
    assert one.course(news(), 0) == []
    assert len(one.course(news("ETH/USD"), 0)) == 1
    assert all_.course(news("ETH/USD"), 0) == []


def test_a_fault_holds_between_its_seconds_and_until_it_is_lifted() -> None:
    fault = Fault(Kind.DROP, since=10, until=20)
    faults = laid(fault)
    sent = [len(faults.course(news(), second * SECOND)) for second in (9, 10, 19, 20)]
    assert sent == [1, 0, 0, 1]
    faults.lift(fault)
    assert len(faults.course(news(), 15 * SECOND)) == 1
    faults.lift(fault)  # once more does nothing


def test_a_fault_happens_as_often_as_it_says() -> None:
    faults = laid(Fault(Kind.DUPLICATE, times=2))
    assert [len(faults.course(news(), 0)) for _ in range(4)] == [2, 2, 1, 1]
    assert faults.active(Kind.DUPLICATE, 0) is None


def test_a_share_of_frames_is_met() -> None:
    faults = laid(Fault(Kind.DROP, share=0.25))
    sent = sum(len(faults.course(news(), 0)) for _ in range(1000))
    assert 700 < sent < 800


def test_delays_add_up_and_prices_are_replaced_where_they_stand() -> None:
    faults = laid(
        Fault(Kind.DELAY, seconds=2), Fault(Kind.REORDER, seconds=0.5), Fault(Kind.PRICE, text="-1")
    )
    assert faults.course(news(), 0) == [(2.5, '{"price":-1,"last":"-1","qty":3}')]
