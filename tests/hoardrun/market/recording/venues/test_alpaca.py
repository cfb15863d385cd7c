"""The server speaks as Alpaca's documentation says."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from hoardrun.market.recording.clock import MINUTE, SECOND, Clock, microseconds
from hoardrun.market.recording.format import END, Header, Line, Recording
from hoardrun.market.recording.tape import News, Tape
from hoardrun.market.recording.venues.alpaca import Alpaca
from hoardrun.market.recording.venues.base import HttpRefused, Market, Seat
from tests.hoardrun.market.recording.tools import read

BEGAN = "2026-11-30T15:00:00Z"
AUTH = '{"action":"auth","key":"K","secret":"S"}'


def bar(t: int, kind: str, minute: int, close: str) -> Line:
    text = (
        f'[{{"T":"{kind}","S":"AAPL","o":214.50,"h":215.00,"l":214.00,"c":{close},"v":1200,"n":7,'
        f'"vw":214.6,"t":"2026-11-30T15:{minute:02d}:00Z"}}]'
    )
    return Line(t * SECOND, "in", text)


LINES = (
    Line(0, "in", '[{"T":"success","msg":"connected"}]'),
    Line(SECOND, "in", '[{"T":"t","i":9,"S":"AAPL","p":214.50,"s":3,"t":"2026-11-30T15:00:01Z"}]'),
    bar(60, "b", 0, "214.70"),
    bar(90, "u", 0, "214.90"),
    bar(120, "b", 1, "214.80"),
    Line(130 * SECOND, "in", '[{"T":"s","S":"AAPL","sc":"H","t":"2026-11-30T15:02:10Z"}]'),
    Line(200 * SECOND, "close", END),
)


def market(minutes: float = 3) -> Market:
    header = Header("alpaca", BEGAN, "", "", ("AAPL", "MSFT"), synthetic=True)
    clock = Clock(
        began=header.began, speed=1, begin=int(minutes * MINUTE), is_fast=True, monotonic=float
    )
    return Market(Tape(Recording(header, LINES), Alpaca().sort), clock)


def asked(text: str, seat: Seat, now: Market | None = None) -> dict[str, Any]:
    (answer,) = Alpaca().answer(text, seat, now or market())
    assert not isinstance(answer, News)
    (row,) = read(answer)
    return dict(row)


def test_frames_are_sorted_by_their_kind() -> None:
    kinds = [found and found.channel for found in (Alpaca().sort(line.text) for line in LINES)]
    assert kinds == [None, "trades", "bars", "updatedBars", "bars", "statuses", None]


def test_nothing_is_subscribed_before_a_login() -> None:
    seat = Seat()
    assert asked('{"action":"subscribe","bars":["AAPL"]}', seat)["code"] == 401
    assert asked('{"action":"auth","key":"K"}', seat)["code"] == 402
    assert asked(AUTH, seat)["msg"] == "authenticated"
    assert asked(AUTH, seat)["code"] == 403
    answer = asked('{"action":"subscribe","bars":["AAPL"],"trades":["MSFT","NOPE"]}', seat)
    assert (answer["T"], answer["bars"]) == ("subscription", ["AAPL"])
    assert answer["trades"] == ["MSFT", "NOPE"]
    assert answer["statuses"] == []
    assert asked('{"action":"unsubscribe","trades":["NOPE"]}', seat)["trades"] == ["MSFT"]


def test_a_login_can_be_refused() -> None:
    now = market()
    now.refuses_logins = lambda: True
    assert asked(AUTH, Seat(), now)["code"] == 402


def test_too_many_symbols_leave_the_subscriptions_as_they_were() -> None:
    seat, now = Seat(is_logged_in=True), market()
    asked('{"action":"subscribe","bars":["AAPL"]}', seat, now)
    now.refuses = lambda symbol: symbol == "MSFT"
    assert asked('{"action":"subscribe","bars":["MSFT"]}', seat, now)["code"] == 405
    assert seat.subscriptions == {("bars", "AAPL")}


def test_nonsense_gets_an_error() -> None:
    for text in ("", "[]", "{}", '{"action":"shout"}'):
        assert asked(text, Seat(is_logged_in=True))["code"] == 400


def bars(minutes: float, **params: str) -> Any:
    asked = {"timeframe": "1Min", "start": BEGAN, "end": "2026-11-30T16:00:00Z"} | params
    return read(Alpaca().get("/v2/stocks/AAPL/bars", asked, market(minutes)))["bars"]


def test_candles_are_those_that_have_come_as_they_were_amended() -> None:
    assert [row["c"] for row in bars(1.2)] == [Decimal("214.70")]
    assert [row["c"] for row in bars(3)] == [Decimal("214.90"), Decimal("214.80")]
    assert [row["t"] for row in bars(3, start="2026-11-30T15:00:30Z")] == ["2026-11-30T15:01:00Z"]
    assert bars(3)[0].keys() == {"t", "o", "h", "l", "c", "v", "n"}
    assert len(bars(3, limit="1")) == 1
    assert bars(3, timeframe="1Day") == []


def test_assets_are_listed_and_other_requests_are_refused() -> None:
    found = json.loads(Alpaca().get("/v2/assets", {}, market()))
    assert [asset["symbol"] for asset in found] == ["AAPL", "MSFT"]
    for path, params in (("/v2/account", {}), ("/v2/stocks/AAPL/bars", {"start": "now"})):
        with pytest.raises(HttpRefused):
            Alpaca().get(path, params, market())


def test_times_are_those_of_the_recording() -> None:
    assert microseconds(bars(3)[0]["t"]) == microseconds(BEGAN)
