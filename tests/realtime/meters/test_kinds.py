"""Meters: what is observed is counted, and labels never grow."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from realtime.cluster.families import family_of, text_of
from realtime.meters import Histogram, names, timed
from realtime.meters.kinds import Meter, counter, declared, histogram
from realtime.meters.table import meters
from tests.services.metrics import Scrape


@dataclass(slots=True)
class Table:
    plain: int = counter("A number.")
    named: Counter[Any] = counter("By name.", name=("a", "b"))
    seconds: Histogram = histogram("Time.", (0.1, 1.0))
    by_kind: dict[str, Histogram] = histogram("Time by kind.", (1, 2), kind=("x",))


def scraped(table: Table) -> Scrape:
    found = [
        family_of(meter, getattr(table, meter.name), {"node": "n"}) for meter in declared(Table)
    ]
    return Scrape(text_of(found).decode())


def test_a_histogram_counts_a_value_in_all_buckets_above_it() -> None:
    table = Table()
    for value in (0.1, 0.2, 5):
        table.seconds.observe(value)
    found = scraped(table)
    assert found.by("seconds_bucket", "le") == {("0.1",): 1, ("1.0",): 2, ("+Inf",): 3}
    assert found("seconds_count") == table.seconds.count == 3
    assert found("seconds_sum") == pytest.approx(5.3)


@pytest.mark.parametrize(
    ("counts", "part", "is_about"),
    [
        ([0, 0, 0], 0.5, None),
        ([4, 0, 0], 0.5, 0.05),  # evenly between 0 and 0.1
        ([1, 1, 0], 0.5, 0.1),
        ([0, 10, 0], 0.9, 0.91),
        ([9, 0, 1], 0.99, 1.0),  # nothing is known above the last bound
    ],
)
def test_a_quantile_lies_evenly_within_its_bucket(
    counts: list[int], part: float, is_about: float | None
) -> None:
    found = Histogram((0.1, 1.0))
    found.counts = counts
    assert found.quantile(part) == (is_about and pytest.approx(is_about))


def test_a_histogram_knows_what_came_since_it_was_read() -> None:
    table = Table()
    table.seconds.observe(0.1)
    before = list(table.seconds.counts)
    table.seconds.observe(0.2)
    table.seconds.observe(5)
    assert table.seconds.since(before).counts == [0, 1, 1]


def test_an_unknown_value_of_a_label_is_other() -> None:
    table = Table()
    table.named.update(a=2, evil=3, **{'"}\n': 4})
    for kind in ("x", "y", "z"):
        table.by_kind[kind].observe(1)
    found = scraped(table)
    assert found.by("named_total", "name") == {("a",): 2, ("other",): 7}
    assert found("by_kind_count", kind="other") == 2
    assert found("by_kind_count", kind="x") == 1


def test_a_table_lists_what_it_declares() -> None:
    assert [meter.full_name for meter in declared(Table)] == [
        "hoardrun_plain_total",
        "hoardrun_named_total",
        "hoardrun_seconds",
        "hoardrun_by_kind",
    ]
    assert Meter("a", "gauge", "").full_name == "hoardrun_a"


def test_a_client_is_named_only_if_it_is_registered() -> None:
    names.register_clients(["acme-ios"])
    try:
        assert names.client_of("acme-ios/3 (iPhone)") == "acme-ios"
        assert names.client_of("Mozilla/5.0 (X11)") == "browser"
        assert names.client_of("hoardrun-python") == "hoardrun-python"
        assert names.client_of("acme-android") == names.client_of("") == "other"
        assert names.clients() == ["browser", "hoardrun-python", "acme-ios"]
    finally:
        names.register_clients([])


def test_a_function_is_timed_also_if_it_raises() -> None:
    before = meters.db_query_seconds["read"].count
    with pytest.raises(ZeroDivisionError):
        timed("read")(lambda: 1 / 0)()
    assert meters.db_query_seconds["read"].count == before + 1
