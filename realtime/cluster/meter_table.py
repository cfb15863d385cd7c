"""The table of all meters, as docs/metrics.md has it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from realtime.cluster.exposition import list_labels
from realtime.cluster.readings import READINGS
from realtime.meters import Meter, fleet, meters
from realtime.meters.kinds import declared
from realtime.meters.readiness import METER

_TABLE = re.compile(r"(<!-- (\w+) -->\n)(?:\|.*\n)*")
MAX_NAMED = 14  # values of a label
OF_A_DEPLOYMENT = {"shard"}  # labels whose values are not the same everywhere


def with_tables(page: str) -> str:
    """Write the tables into a page, in place of those behind its two marks."""
    own = [*declared(meters), *(reading.meter for reading in READINGS), METER]
    tables = {"process": own, "deployment": fleet.meters()}
    list_labels()
    return _TABLE.sub(lambda found: found[1] + "".join(_table(tables[found[2]])), page)


def _table(listed: Iterable[Meter]) -> Iterator[str]:
    yield "| name | kind | labels | meaning |\n|---|---|---|---|\n"
    for meter in sorted(listed, key=lambda meter: meter.full_name):
        labels = "<br>".join(_label(meter, name) for name in meter.labels)
        yield f"| `{meter.full_name}` | {meter.kind} | {labels} | {meter.help} |\n"


def _label(meter: Meter, name: str) -> str:
    values = meter.labels[name]
    named = list(values() if callable(values) else values)
    is_told = name not in OF_A_DEPLOYMENT and meter.name != "build_info"
    if not is_told or not 0 < len(named) <= MAX_NAMED:
        return f"`{name}`"
    return f"`{name}`: {', '.join(named)}"
