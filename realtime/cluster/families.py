"""Makes the families of Prometheus' library from meters, and writes them in its text format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from realtime.meters import Histogram, Meter
from realtime.meters.kinds import PREFIX


class _Only(Collector):
    """A collector of given families."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def text_of(families: Iterable[Metric]) -> bytes:
    """Write families in the text format."""
    return generate_latest(_Only(families))


def family_of(meter: Meter, value: Any, where: dict[str, str]) -> Metric:
    """Make a family of the library from a meter and its value."""
    own, labels = list(where.values()), [*where, *meter.labels]
    values = meter.folded(value) if meter.labels else {(): value}
    name = PREFIX + meter.name
    if meter.kind == "histogram":
        distribution = HistogramMetricFamily(name, meter.help, labels=labels)
        for key, one in values.items():
            distribution.add_metric([*own, *key], _buckets(one), one.sum)
        return distribution
    make = CounterMetricFamily if meter.kind == "counter" else GaugeMetricFamily
    family = make(name, meter.help, labels=labels)
    for key, number in values.items():
        family.add_metric([*own, *key], number)
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    found, total = [], 0
    for bound, count in zip(histogram.bounds, histogram.counts, strict=False):
        total += count
        found.append((repr(float(bound)), float(total)))
    return [*found, ("+Inf", float(total + histogram.counts[-1]))]
