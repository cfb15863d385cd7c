"""What expressions of alerts and panels ask for, and what there is to ask for."""

from __future__ import annotations

import re
from pathlib import Path

from hoardrun.management.commands import check_delivery
from realtime.cluster.readings import READINGS
from realtime.meters import fleet, meters
from realtime.meters.kinds import Meter, declared
from realtime.meters.readiness import METER

# Of Prometheus itself, of Python's client of it, of its node exporter and its blackbox exporter.
OF_OTHERS = {
    "ALERTS",
    "up",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "probe_ssl_earliest_cert_expiry",
}
# What `check_delivery --textfile` writes, behind its prefix.
WRITTEN = set(re.findall(r"\{name\}(_\w+)", Path(check_delivery.__file__).read_text()))
OUTSIDE = "hoardrun_outside_check"
PARTS = re.compile(r"_(bucket|sum|count)$")  # of a histogram


def known() -> dict[str, Meter]:
    """Return all meters of hoardrun by their full names."""
    own = [*declared(meters), *(reading.meter for reading in READINGS), METER, *fleet.meters()]
    return {meter.full_name: meter for meter in own}


def meter_of(name: str, there: dict[str, Meter]) -> Meter | None:
    """Return the meter that a name of an expression belongs to."""
    return there.get(name) or there.get(PARTS.sub("", name))


def asked(expression: str) -> set[str]:
    """Return our meters that an expression asks for. Raises AssertionError if there is none."""
    there, found = known(), set()
    plain = re.sub(r"\{[^}]*\}|\b(by|on) \([^)]*\)", "", expression)
    for name in re.findall(r"\b([a-z]+_\w+|up|ALERTS)\b(?!\()", plain):
        if name.startswith(OUTSIDE):
            assert name.removeprefix(OUTSIDE) in WRITTEN, expression
        elif name not in OF_OTHERS:
            assert (meter := meter_of(name, there)), f"{name}: {expression}"
            found.add(meter.full_name)
    for name, selector in re.findall(r"(hoardrun_\w+)\{([^}]*)\}", expression):
        meter = meter_of(name, there)
        for label, value in re.findall(r'(\w+)=~?"([^"]*)"', selector):
            if label != "instance":
                assert meter is not None
                values = meter.labels[label]
                listed = {str(each) for each in (values() if callable(values) else values)}
                assert set(value.split("|")) <= listed, expression
    return found
