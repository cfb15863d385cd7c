"""The notifications of prices: complete in all languages, and a tap opens the chart."""

from __future__ import annotations

import pytest

from hoardrun.market.kinds import ALERT, KINDS, URGENT_ALERT
from notifications.kinds import find
from notifications.languages import CODES
from notifications.texts import faults
from notifications.texts.render import TextChannel, render


def test_their_texts_are_complete() -> None:
    for name in (ALERT, URGENT_ALERT, "market.general"):
        kind = find(name)
        assert kind is not None
        assert list(faults.faults_of(kind)) == []


@pytest.mark.parametrize("locale", CODES)
@pytest.mark.parametrize("channel", ["in_app", "push", "email"])
def test_each_says_the_price_the_source_and_opens_its_chart(
    channel: TextChannel, locale: str
) -> None:
    for kind in KINDS:
        for sample in kind.samples:
            shown = render(kind.name, channel, sample, locale=locale)
            assert sample.source in shown.body, shown.body  # type: ignore[attr-defined]
            assert shown.url == f"/market/{sample.symbol}"  # type: ignore[attr-defined]


def test_no_digit_of_a_small_price_is_lost() -> None:
    [sample] = [each for each in KINDS[0].samples if each.symbol == "SHIB-USD"]  # type: ignore[attr-defined]
    assert "0.00000889" in render(ALERT, "push", sample, locale="en").body
