from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from hoardrun.market.models import Instrument
from hoardrun.market.services import quotes_record
from tests.hoardrun.market.tools import instrument, quotes_at

pytestmark = pytest.mark.django_db


def test_it_says_what_it_has_written(capsys: pytest.CaptureFixture[str]):
    instrument(symbol="KLMO")
    quotes_record(quotes=quotes_at())
    call_command("market_rescale", "klmo", "4")
    told = capsys.readouterr().out
    assert told.startswith("KLMO has 4 decimals. Rows written: ")
    assert "1 of market_last_quote" in told
    assert Instrument.objects.get().decimals == 4
    call_command("market_rescale", "KLMO", "2", "--json")
    assert '"market_last_quote": 1' in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [("KLMO", "13"), ("KLMO", "0"), ("NOPE", "3")])
def test_a_refusal_is_one_line(arguments: tuple[str, str]):
    instrument(symbol="KLMO")
    quotes_record(quotes=quotes_at())
    with pytest.raises(CommandError):
        call_command("market_rescale", *arguments)
    assert Instrument.objects.get().decimals == 2
