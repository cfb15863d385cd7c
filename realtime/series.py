"""What the nodes did over time, as charts and `manage.py stats --series` show it.

It only reads `NodeMinute`, which `realtime.cluster.minutes` writes. Steps and minutes are numbers
since 1970, so that both databases divide them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, F, FloatField, Max, Min, Sum
from django.db.models.functions import NullIf

from realtime import clock
from realtime.models import NodeMinute

Values = Sequence[float | None]


@dataclass(frozen=True)
class Span:
    """A time up to now, in steps; both in minutes."""

    name: str
    text: str
    minutes: int
    step: int


SPANS = {
    span.name: span
    for span in (
        Span("1h", "1 hour", 60, 1),
        Span("24h", "24 hours", 1440, 10),
        Span("14d", "14 days", 20_160, 120),
    )
}


@dataclass(frozen=True)
class Line:
    """One line of a chart. `total` says how the rows of a step become its value.

    level: added up over the nodes, on average over the minutes. rate: a count per `per` seconds.
    count: of the whole step. highest: of all nodes and minutes. typical: on average, weighted by
    what was delivered.
    """

    name: str
    text: str
    total: str = "level"
    per: int = 60


@dataclass(frozen=True)
class Chart:
    """A chart of lines with one unit."""

    title: str
    unit: str
    lines: tuple[Line, ...]


CHARTS = (
    Chart("Sockets and users", "", (Line("connections", "sockets"), Line("users", "users"))),
    Chart(
        "Messages",
        "per second",
        (
            Line("messages_out", "to clients", "rate", 1),
            Line("messages_in", "of clients", "rate", 1),
        ),
    ),
    Chart(
        "From an event's row to the write",
        "ms",
        (
            Line("delivery_p99_ms", "99 of 100 within", "highest"),
            Line("delivery_p50_ms", "half within", "typical"),
        ),
    ),
    Chart(
        "Events",
        "per second",
        (Line("published", "published", "rate", 1), Line("delivered", "written", "rate", 1)),
    ),
    Chart(
        "Coming and going",
        "sockets per minute",
        (Line("opened", "opened", "rate"), Line("closed", "closed", "rate")),
    ),
    Chart("Slow clients", "in each point", (Line("slow_closed", "closed as too slow", "count"),)),
    Chart("Waiting for slow clients", "bytes", (Line("queue_bytes", "the most", "highest"),)),
    Chart(
        "The layer",
        "in each point",
        (
            Line("found_late", "events found late", "count"),
            Line("dropped", "wake-ups not taken", "count"),
        ),
    ),
    Chart("Told to resynchronise", "in each point", (Line("resyncs", "streams", "count"),)),
    Chart("Lag of the event loop", "ms", (Line("lag_ms", "the highest", "highest"),)),
    Chart("Memory", "MB", (Line("rss_mb", "resident"),)),
)
LINES = {line.name: line for chart in CHARTS for line in chart.lines}


@dataclass(frozen=True)
class Series:
    """The steps of a span, oldest first, and the value of each line there; None: no report."""

    span: Span
    times: Sequence[int]  # seconds since 1970
    lines: Mapping[str, Values]

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {"step": self.span.step * 60, "times": self.times, "lines": self.lines}


def read(span: Span, node: str = "") -> Series:
    """Read all nodes, or one, up to the step of the last minute that is over."""
    end = (_now() - 1) // span.step + 1
    steps = range(end - span.minutes // span.step, end)
    rows = NodeMinute.objects.filter(minute__gte=steps[0] * span.step, minute__lt=end * span.step)
    if node:
        rows = rows.filter(node=node)
    weights = F("delivery_p50_ms") * F("delivered")
    totals: dict[str, Any] = {name: _total(name, line) for name, line in LINES.items()}
    totals |= {"delivery_p50_ms": Sum(weights)}
    found = {
        row["step"]: row
        for row in rows.annotate(step=F("minute") / span.step)
        .values("step")
        .order_by("step")
        .annotate(minutes=Count("minute", distinct=True), weight=Sum("delivered"))
        .annotate(**{f"its_{name}": each for name, each in totals.items()})
    }
    lines = {
        name: [None if step not in found else _value(line, found[step]) for step in steps]
        for name, line in LINES.items()
    }
    return Series(span, [step * span.step * 60 for step in steps], lines)


def _total(name: str, line: Line) -> Any:
    if line.total == "highest":
        return Max(name)
    if line.total == "rate":  # a row may cover less than its minute, or more
        by_second = F(name) / NullIf(F("seconds"), 0.0)
        return Sum(by_second, output_field=FloatField())
    return Sum(name)


def _value(line: Line, row: Mapping[str, Any]) -> float | None:
    total: float | None = row[f"its_{line.name}"]
    if total is None:
        return None
    match line.total:
        case "rate":
            by = row["minutes"] / line.per
        case "level":
            by = row["minutes"]
        case "typical":
            by = row["weight"]
        case _:
            by = 1
    if not by:
        return None
    value: float = total / by
    return round(value) if value >= 100 or value == int(value) else round(value, 2)


@dataclass(frozen=True)
class Reported:
    """A node that reported within a span, which it may have outlived."""

    node: str
    name: str
    first: datetime
    last: datetime
    connections: int  # the most
    lag_ms: float  # the highest


def nodes(span: Span) -> list[Reported]:
    """List the nodes that have reported within a span, the latest first."""
    rows = NodeMinute.objects.filter(minute__gte=_now() - span.minutes)
    found = rows.values("node", "host", "pid").annotate(
        first=Min("minute"), last=Max("minute"), most=Max("connections"), lag=Max("lag_ms")
    )
    return [
        Reported(
            row["node"],
            f"{row['host']}:{row['pid']}",
            moment(row["first"]),
            moment(row["last"]),
            row["most"],
            round(row["lag"], 2),
        )
        for row in found.order_by("-last", "host", "pid")
    ]


def _now() -> int:
    return int(clock.now().timestamp() // 60)


def moment(minute: int) -> datetime:
    """Return when a minute began."""
    return datetime.fromtimestamp(minute * 60, UTC)
