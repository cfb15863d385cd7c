from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from hoardrun.market.feeds import fetching, times
from hoardrun.market.feeds.coinbase.history import CoinbaseHistory
from hoardrun.market.feeds.events import Bar
from hoardrun.market.feeds.fetching import Fetcher, FetchFailed
from hoardrun.market.feeds.kraken.history import KrakenHistory
from realtime.models import Host
from realtime.outgoing import pacing
from tests.hoardrun.market.feeds.api import Answer, Api, serving

pytestmark = pytest.mark.django_db

START = times.of_text("2026-09-10T00:00:00Z")


def _kraken(api: Api) -> Fetcher:
    return Fetcher("kraken", KrakenHistory(), address=api.address, requests_a_second=1000)


def _coinbase(api: Api) -> Fetcher:
    return Fetcher("coinbase", CoinbaseHistory(), address=api.address, requests_a_second=1000)


def _bars_of(minutes: range, newest: int) -> Answer:
    """Answer as Kraken does: the newest 720 at most, of those after `since`."""

    def answer(path: str, params: dict[str, str]) -> tuple[int, dict[str, str], object]:
        begins = [START // times.SECOND + 60 * minute for minute in minutes]
        rows = [
            [begin, "1", "2", "0.5", "1.5", "1.2", "3", 4]
            for begin in begins
            if begin > int(params["since"])
        ]
        return 200, {}, {"error": [], "result": {"XXBTZUSD": rows[-newest:], "last": 1}}

    return answer


def _minutes(pages: list[list[Bar]]) -> list[int]:
    return [(bar.begin - START) // times.MINUTE for page in pages for bar in page]


def test_it_fetches_the_candles_that_begin_in_a_span_and_no_others():
    with serving(_bars_of(range(-5, 100), 720)) as api:
        fetch = _kraken(api).bars("BTC/USD", "XBTUSD", 1, START, START + 10 * times.MINUTE)
        assert _minutes(list(fetch)) == list(range(10))
    assert len(api.asked) == 1
    assert api.asked[0][1]["pair"] == "XBTUSD"
    assert api.headers[0]["user-agent"].startswith("hoardrun/")


def test_what_the_venue_no_longer_has_is_skipped_without_a_call_for_each_page():
    with serving(_bars_of(range(9000), 720)) as api:
        fetch = _kraken(api).bars("BTC/USD", "XBTUSD", 1, START, START + 9000 * times.MINUTE)
        assert _minutes(list(fetch)) == list(range(9000 - 720, 9000))
    assert len(api.asked) == 2


def test_it_asks_page_by_page_also_over_spans_without_trades():
    def answer(path: str, params: dict[str, str]) -> tuple[int, dict[str, str], object]:
        begin, end = (times.of_text(params[name]) for name in ("start", "end"))
        wanted = [START + 700 * times.MINUTE, START + 899 * times.MINUTE]
        # One before the start, as the venue may send.
        rows = [begin - times.MINUTE, *(at for at in wanted if begin <= at <= end)]
        return 200, {}, [[at // times.SECOND, 1, 2, 1, 2, 5] for at in reversed(rows)]

    with serving(answer) as api:
        fetch = _coinbase(api).bars("BTC-USD", "BTC-USD", 1, START, START + 900 * times.MINUTE)
        assert _minutes(list(fetch)) == [700, 899]
    assert len(api.asked) == 3


def test_it_fetches_all_trades_once_although_pages_overlap():
    trades = [(START + number // 2 * 1000, number) for number in range(50)]  # two at each time

    def answer(path: str, params: dict[str, str]) -> tuple[int, dict[str, str], object]:
        after = int(params["since"])
        rows = [
            ["1", "2", at / times.SECOND, "b", "m", "", number]
            for at, number in trades
            if at * 1000 > after
        ][:10]
        return 200, {}, {"error": [], "result": {"P": rows, "last": "1"}}

    with serving(answer) as api:
        pages = list(_kraken(api).trades("BTC/USD", "XBTUSD", START + 1000, START + 20_000))
    assert [trade.trade_id for page in pages for trade in page] == list(range(2, 42))
    assert all(trade.is_history for page in pages for trade in page)


def test_a_trade_that_came_late_hides_none_that_follows_on_the_next_page():
    """It has a higher number than trades of later times."""
    trades = [(START + 1000, 1), (START + 2000, 9), (START + 3000, 2), (START + 4000, 3)]

    def answer(path: str, params: dict[str, str]) -> tuple[int, dict[str, str], object]:
        rows = [
            ["1", "2", at / times.SECOND, "b", "m", "", number]
            for at, number in trades
            if at * 1000 > int(params["since"])
        ][:2]
        return 200, {}, {"error": [], "result": {"P": rows, "last": "1"}}

    with serving(answer) as api:
        pages = list(_kraken(api).trades("BTC/USD", "XBTUSD", START, START + 4000))
    assert [trade.trade_id for page in pages for trade in page] == [1, 9, 2, 3]


def test_what_is_not_urgent_lets_urgent_calls_go_first(monkeypatch: pytest.MonkeyPatch):
    until: dict[str, float] = {}
    monkeypatch.setattr(fetching, "_urgent_until", until)
    monkeypatch.setattr(fetching, "URGENT_SECONDS", 600.0)
    with serving(lambda path, params: (200, {}, {"error": [], "result": {}})) as api:
        urgent = Fetcher(
            "kraken", KrakenHistory(), address=api.address, requests_a_second=1000, is_urgent=True
        )
        assert urgent.listing() == urgent.listing() == []
        with _giving_up(), pytest.raises(FetchFailed, match="given up"):
            _kraken(api).listing()
        assert len(api.asked) == 2
        until["market:kraken"] -= 600
        assert _kraken(api).listing() == []


def test_a_venue_with_one_page_of_trades_is_asked_until_nothing_is_new():
    rows = [
        {"trade_id": number, "price": "1", "size": "1", "time": times.text(START + number)}
        for number in range(5)
    ]
    with serving(lambda path, params: (200, {}, rows)) as api:
        pages = list(_coinbase(api).trades("A-B", "A-B", START + 2, START + 100))
    assert [trade.trade_id for page in pages for trade in page] == [2, 3, 4]
    assert len(api.asked) == 2


@pytest.mark.parametrize("status", [429, 418, 503])
def test_a_pause_that_the_venue_asks_for_holds_all_processes(status: int):
    with serving(lambda path, params: (status, {"Retry-After": "77"}, {})) as api:
        with pytest.raises(FetchFailed, match="pause") as failed:
            _kraken(api).listing()
        assert failed.value.retry_seconds == 77
        with pytest.raises(FetchFailed, match="budget") as later:
            _kraken(api).listing()
    assert 60 < later.value.retry_seconds <= 77
    assert len(api.asked) == 1


def test_a_process_that_ends_waits_for_no_turn():
    pacing.hold("market:kraken", 50)
    with (
        serving(lambda path, params: (200, {}, {})) as api,
        _giving_up(),
        pytest.raises(FetchFailed, match="given up"),
    ):
        _kraken(api).listing()
    assert api.asked == []


@contextmanager
def _giving_up() -> Iterator[None]:
    """Let whoever waits give up, again and again."""
    is_over = Event()

    def end() -> None:
        while not is_over.wait(0.01):
            fetching.give_up()

    thread = Thread(target=end)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_a_pause_may_stand_in_the_body_of_a_good_answer():
    busy = {"error": ["EAPI:Rate limit exceeded"]}
    with (
        serving(lambda path, params: (200, {}, busy)) as api,
        pytest.raises(FetchFailed, match="Rate limit") as failed,
    ):
        _kraken(api).listing()
    assert failed.value.retry_seconds == fetching.BUSY_SECONDS
    assert Host.objects.get(name="market:kraken").next_at is not None


@pytest.mark.parametrize(
    ("status", "body", "seconds"),
    [
        (200, b"<html>", fetching.REFUSED_SECONDS),
        (200, b'{"error":["EQuery:Unknown asset pair"]}', fetching.REFUSED_SECONDS),
        (404, b"{}", fetching.REFUSED_SECONDS),
        (301, b"", fetching.REFUSED_SECONDS),
        (500, b"{}", fetching.BROKEN_SECONDS),
    ],
)
def test_a_failure_says_when_to_try_again(status: int, body: bytes, seconds: float):
    with (
        serving(lambda path, params: (status, {}, body)) as api,
        pytest.raises(FetchFailed) as failed,
    ):
        list(_kraken(api).bars("BTC/USD", "XBTUSD", 1, START, START + times.MINUTE))
    assert failed.value.retry_seconds == seconds


def test_a_venue_that_does_not_answer_is_a_failure():
    with serving(lambda path, params: (200, {}, {})) as api:
        pass
    with pytest.raises(FetchFailed, match="No answer: connect"):
        _kraken(api).listing()


def test_it_reads_a_list_of_more_than_the_usual_answer():
    pairs = {
        f"P{number}": {"altname": f"P{number}", "wsname": f"P{number}/USD", "pair_decimals": 2}
        for number in range(3000)
    }
    with serving(lambda path, params: (200, {}, {"error": [], "result": pairs})) as api:
        assert len(_kraken(api).listing()) == 3000


def test_staff_can_stop_the_calls():
    pacing.stop("market:kraken", by="alice", why="test")
    with (
        serving(lambda path, params: (200, {}, {})) as api,
        pytest.raises(FetchFailed, match="Staff"),
    ):
        _kraken(api).listing()
    assert api.asked == []
