from __future__ import annotations

import json
from typing import Any

import pytest

from hoardrun.market.engine.bus import ITEMS_A_TEXT, Incoming, Outgoing
from hoardrun.market.engine.prices import Accepted, AcceptedBar, Feed, FeedChange, Gap, Item


def price(at: int, key: int = 1, **more: Any) -> Accepted:
    return Accepted(key, f"S{key}", 100 + at, at, "kraken", **more)


EVERYTHING: list[Item] = [
    price(1, size=5, trade_id=2**63 - 1, day_volume=7),
    price(2, is_history=True),
    AcceptedBar(1, "S1", 60_000_000, 1, 1, 4, 1, 3, None, 2, "kraken", is_amended=True),
    FeedChange(1, "S1", Feed.STALE, 9),
    Gap(1, "S1", "kraken", 1, 2),
]


def heard(incoming: Incoming, texts: list[str]) -> list[Item]:
    return [item for text in texts for item in incoming.items(text)]


def test_all_items_arrive_as_they_were_sent():
    assert heard(Incoming(), Outgoing("kraken", 3).texts(EVERYTHING)) == EVERYTHING


def test_many_items_take_several_texts_and_keep_their_order():
    items: list[Item] = [price(at) for at in range(2 * ITEMS_A_TEXT + 1)]
    texts = Outgoing("kraken", 1).texts(items)
    assert len(texts) == 3
    assert heard(Incoming(), texts) == items


def test_a_lost_text_is_a_gap_of_each_instrument_before_its_next_price():
    outgoing, incoming = Outgoing("kraken", 1), Incoming()
    heard(incoming, outgoing.texts([price(1), price(2), price(5, key=2)]))
    outgoing.texts([price(6, key=2)])  # lost
    assert heard(incoming, outgoing.texts([price(9)])) == [Gap(1, "S1", "kraken", 2, 9), price(9)]
    late = heard(incoming, outgoing.texts([price(12), price(13, key=2), price(14, key=2)]))
    assert late == [price(12), Gap(2, "S2", "kraken", 5, 13), price(13, key=2), price(14, key=2)]
    assert incoming.lost == 1


def test_a_repeated_text_is_read_once():
    incoming, texts = Incoming(), Outgoing("kraken", 1).texts([price(1)])
    assert heard(incoming, [*texts, *texts]) == [price(1)]


def test_a_leader_that_another_has_followed_is_not_heard():
    incoming, old, new = Incoming(), Outgoing("kraken", 1), Outgoing("kraken", 2)
    heard(incoming, old.texts([price(1)]))
    assert heard(incoming, new.texts([price(3)])) == [price(3)]
    assert heard(incoming, old.texts([price(2)])) == []


def test_sources_are_numbered_apart():
    incoming = Incoming()
    for source in ("kraken", "coinbase"):
        assert heard(incoming, Outgoing(source, 1).texts([price(1)])) == [price(1)]
    assert incoming.lost == 0


FOREIGN = [[], [0], [9, 1], ["x"], [2, 1, "S1", "kraken", "?", 2], [3, 1, "S1", "certain", 9]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '["kraken",1,"x",[]]',
        *(f'["kraken",1,2,{json.dumps([row])}]' for row in FOREIGN),
    ],
)
def test_what_is_no_text_of_ours_is_an_error(text: str):
    with pytest.raises(ValueError):
        Incoming().items(text)


def test_a_text_of_another_release_that_cannot_be_read_is_a_gap():
    outgoing, incoming = Outgoing("kraken", 1), Incoming()
    heard(incoming, outgoing.texts([price(1)]))
    [text] = outgoing.texts([price(2)])
    with pytest.raises(ValueError):
        incoming.items(text.replace("[[0,", "[[9,"))
    assert heard(incoming, outgoing.texts([price(3)])) == [Gap(1, "S1", "kraken", 1, 3), price(3)]
    assert incoming.lost == 1
