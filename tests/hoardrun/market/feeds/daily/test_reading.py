from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest

from hoardrun.market.feeds.daily.layouts import LAYOUTS, currency_of
from hoardrun.market.feeds.daily.reading import Daily, NoRates, Pair, read_daily

EUR_USD, GBP_USD, USD_ZAR = Pair("EUR", "USD"), Pair("GBP", "USD"), Pair("USD", "ZAR")
USD_KES, SCOM = Pair("USD", "KES"), Pair("SCOM", "KES")
ECB_HISTORY = (
    b"Date,USD,GBP,ZAR,CYP,\n"
    b"2026-10-30,1.0867,0.8432,19.5606,N/A,\n"
    b"2026-10-29,1.0850,0.8400,19.6000,N/A,\n"
)
ECB_DAY = b"Date, USD, JPY, GBP, \n30 October 2026, 1.0867, 164.97, 0.8432, \n"
CBK = (
    b"\xef\xbb\xbfCentral Bank of Kenya,,\n"
    b"Date,Currency,Mean,Buy,Sell\n"
    b"30/10/2026,US DOLLAR,129.2350,129.1,129.4\n"
    b'30/10/2026,STG POUND,"167.4411",,\n'
    b"30/10/2026,KES / USHS,28.5,28.4,28.6\n"
)
NSE = (
    b"Daily price list\n\n"
    b"Code,Security,Day High,Day Low,Day Price,Previous,Volume\n"
    b'SCOM,Safaricom,28.60,28.20,28.45,28.40,"9,600,000"\n'
    b"EQTY,Equity Group,-,-,47.20,47.20,0\n"
    b"XYZ,Another,1,2,nothing,1,1\n"
)


def test_it_reads_a_table_and_what_follows_from_two_columns():
    found = read_daily("ecb", ECB_HISTORY, [EUR_USD, GBP_USD, USD_ZAR])
    assert [(each.day, each.pair) for each in found[:3]] == [
        (date(2026, 10, 29), pair) for pair in (EUR_USD, GBP_USD, USD_ZAR)
    ]
    assert found[3] == Daily(2, EUR_USD, date(2026, 10, 30), D("1.0867"))
    assert found[4].close == D("1.0867") / D("0.8432")
    assert found[5].close.quantize(D("0.0001")) == D("18.0000")


def test_it_reads_the_file_of_one_day_with_the_month_in_words():
    assert read_daily("ecb", ECB_DAY, [EUR_USD, USD_ZAR]) == [
        Daily(2, EUR_USD, date(2026, 10, 30), D("1.0867"))
    ]


def test_it_reads_a_zip():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", ECB_HISTORY)
    assert len(read_daily("ecb", packed.getvalue(), [EUR_USD])) == 2


def test_it_reads_rates_by_the_names_of_currencies():
    found = read_daily("cbk", CBK, [USD_KES, Pair("GBP", "KES"), Pair("EUR", "KES")])
    assert [(each.row, each.pair.base, each.close) for each in found] == [
        (3, "USD", D("129.2350")),
        (4, "GBP", D("167.4411")),
    ]


def test_without_a_mean_it_is_that_of_buying_and_selling_for_one_unit():
    text = b"Currency,Buying,Selling,Transaction Date,Unit\nJPY,1690,1710,30-Oct-2026,100\n"
    (found,) = read_daily("bot", text, [Pair("JPY", "TZS")])
    assert (found.close, found.day) == (D(17), date(2026, 10, 30))


def test_it_reads_the_prices_of_a_day_that_is_given():
    equity, safaricom = sorted(
        read_daily("nse", NSE, [SCOM, Pair("EQTY", "KES")], day=date(2026, 10, 30)),
        key=lambda each: each.pair.base,
    )
    assert safaricom == Daily(
        4, SCOM, date(2026, 10, 30), D("28.45"), None, D("28.60"), D("28.20"), D("28.40"),
        D(9_600_000),
    )  # fmt: skip
    assert (equity.close, equity.high, equity.volume) == (D("47.20"), None, D(0))


@pytest.mark.parametrize(
    ("source", "raw", "why"),
    [
        ("ecb", b"", "No row has the columns of ecb, with commas between: it needs Date"),
        ("nse", b"Date;Code;Close\n2026-10-30;SCOM;28,45\n", "with commas between"),
        ("ecb", "Date,USD\n".encode("utf-16"), "no CSV in UTF-8"),
        ("nse", "Date,Code,Close,Société\n".encode("cp1252"), "no CSV in UTF-8"),
        ("nse", b"a,b\n1,2\n", "it needs Day Price, Code"),
        ("cbk", b"Date,Currency\n", "it needs Currency, Mean"),
        ("nse", NSE, "say of which day"),
        ("ecb", b"\xff\xfe", "no CSV in UTF-8"),
        ("ecb", b"PK\x03\x04broken", "ZIP does not hold"),
        ("ecb", b"x" * (32 * 2**20 + 1), "larger than 32 MiB"),
        ("ecb", b"Date,USD\n2026-10-30,many\n", "line 2: 'many' is no number of USD"),
        ("ecb", b"Date,USD\n2026-10-30,-1.08\n", "line 2: '-1.08' is no number"),
        ("ecb", b"Date,USD\n2026-10-30,0\n", "line 2: its USD is zero"),
        ("ecb", b"Date,USD\n2026-10-30,1e3\n", "line 2: '1e3' is no number"),
        ("ecb", b"Date,USD\n10/30/2026,1.08\n", "line 2: '10/30/2026' is no date"),
        ("ecb", b"Date,USD\n2026-02-30,1.08\n", "line 2: '2026-02-30' is no date"),
        (
            "ecb",
            b"Date,USD\n2026-10-30,1.08\n2026-10-30,1.09\n",
            "line 3: EUR of 2026-10-30 stands in line 2 otherwise",
        ),
        (
            "nse",
            b"Date,Code,Close,High\n2026-10-30,SCOM,28,28\n30/10/2026,SCOM,28,29\n",
            "line 3: SCOM of 2026-10-30 stands in line 2 otherwise",
        ),
        ("cbk", b"Date,Currency,Mean\n2026-10-30,USD,\n", "line 2: it has no rate"),
        ("nse", b"Date,Code,Close\n2026-10-30,SCOM,-\n", "line 2: it has no price"),
        (
            "nse",
            b"Date,Code,Close,High,Low\n2026-10-30,SCOM,28,28,29\n",
            "line 2: its high is below its low",
        ),
        (
            "ecb",
            b"Date,USD\n" + b"2026-10-30,x\n" * 7,
            "line 6: 'x' is no number of USD, and 2 more",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_as_a_whole(source: str, raw: bytes, why: str):
    with pytest.raises(NoRates, match=why):
        read_daily(source, raw, [EUR_USD, USD_KES, SCOM])


def test_the_same_row_twice_is_one():
    raw = b"Date,USD\n2026-10-30,1.08\n2026-10-30,1.08\n\n"
    assert len(read_daily("ecb", raw, [EUR_USD])) == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [("usd", "USD"), (" US  Dollar ", "USD"), ("KES / USHS", ""), ("", ""), ("ÜSD", "")],
)
def test_currencies_have_codes_and_names(name: str, code: str):
    assert currency_of(name) == code


def test_the_numbers_of_a_day_are_of_a_moment():
    assert LAYOUTS["ecb"].moment(date(2026, 10, 30)) == datetime(2026, 10, 30, 15, tzinfo=UTC)
    assert LAYOUTS["ecb"].moment(date(2026, 7, 1)) == datetime(2026, 7, 1, 14, tzinfo=UTC)
    assert LAYOUTS["nse"].moment(date(2026, 7, 1)) == datetime(2026, 7, 1, 12, tzinfo=UTC)
