from __future__ import annotations

from decimal import Decimal

from hoardrun.market.feeds.events import Ticker, Trade
from hoardrun.market.feeds.intake import Intake, Shared
from hoardrun.market.feeds.latest import Lost
from tests.hoardrun.market.feeds.scripted import ScriptedVenue

ONE = Decimal(1)


class Followed:
    """The intake of a connection that follows symbols, each stale after ten seconds."""

    def __init__(self, *symbols: str) -> None:
        self.symbols = list(symbols)
        self.shared = Shared(lambda: self.symbols, lambda _: 10.0, lambda: 0.0)
        self.intake = Intake(ScriptedVenue(), self.shared, 0)
        self.intake.want(0)

    def tick(self, symbol: str, at: int) -> None:
        """Let a price come at the time that it was made."""
        self.intake.act(Ticker(symbol, ONE, at), at)

    def trade(self, symbol: str, at: int, now: int) -> None:
        self.intake.act(Trade(symbol, ONE, ONE, at, at), now)

    def probes(self, now: int) -> list[str]:
        return list(self.intake.probes(now, may_probe=True))

    @property
    def lost(self) -> list[Lost]:
        return list(self.shared.latest.take((), self.shared.health).lost)


def test_what_happened_before_a_symbol_was_asked_for_anew_was_missed():
    followed = Followed("A", "B")
    followed.tick("A", 1)
    followed.tick("B", 7)
    assert followed.probes(7) == ["A"]
    followed.trade("A", 5, 8)
    assert followed.lost == [Lost("A", 1)]


def test_the_answer_to_a_question_may_begin_with_what_is_known():
    followed = Followed("A", "B")
    followed.tick("A", 3)
    followed.tick("B", 9)
    assert followed.probes(9) == ["A"]
    for at in (1, 2, 3):
        followed.trade("A", at, 10)
    assert followed.lost == []
    followed.trade("A", 5, 10)
    assert followed.lost == [Lost("A", 3)]


def test_news_after_a_question_is_no_sign_that_something_was_missed():
    followed = Followed("A", "B")
    followed.tick("A", 1)
    followed.tick("B", 7)
    assert followed.probes(7) == ["A"]
    followed.tick("A", 8)
    followed.tick("A", 9)
    assert followed.lost == []


def test_a_symbol_that_is_followed_again_begins_anew():
    followed = Followed("A", "B")
    followed.tick("A", 0)
    followed.tick("B", 6)
    assert followed.probes(6) == ["A"]
    followed.symbols.remove("A")
    followed.intake.want(7)
    followed.symbols.append("A")
    followed.tick("B", 99)
    followed.intake.want(100)
    followed.intake.subscriptions.accepted("A", "ticker")
    assert followed.probes(100) == []
    assert followed.intake.subscriptions.is_live("A")
