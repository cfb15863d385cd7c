"""Play faults, and say which alert fired after how long: `python -m tests.alerts`.

It starts two nodes, a delivery worker, PostgreSQL, Redis, a venue of prices and Prometheus with
`deploy/prometheus`, and plays each fault until the alerts that must say so fire. It prints a table,
and ends with 1 if one was not detected. `--pace 10` divides for how long alerts hold, and the
interval of scrapes. It needs root, for a disk of its own, and Debian's prometheus,
prometheus-node-exporter and e2fsprogs.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from tests.alerts.faults import FAULTS, Fault
from tests.alerts.world import World, world
from tests.services import environment, reaper
from tests.services.plugin import stop_stores
from tests.services.prometheus import alert_rules

SETTLED_SECONDS = 300.0  # some alerts look back for five minutes
LONGEST_SECONDS = 300.0  # besides for how long alerts hold
HOLDS_SECONDS = 600.0
FIELDS = ("fault", "alert", "severity", "seconds", "the runbook")


def runbook() -> dict[str, str]:
    """Return the first sentence of each heading of the runbook."""
    text = (environment.ROOT / "docs/runbook.md").read_text()
    sections = re.findall(r"^### (\w+)\n\n\*\*\w+\.\*\* (.*?)(?=\n\n|\Z)", text, re.M | re.S)
    return {name: re.split(r"(?<=\.)\s", " ".join(words.split()))[0] for name, words in sections}


def settle(found: World, alerts: tuple[str, ...]) -> None:
    """Wait until none of these alerts fires, and both nodes are scraped."""
    deadline = time.monotonic() + SETTLED_SECONDS + HOLDS_SECONDS / found.prometheus.pace
    while time.monotonic() < deadline:
        scraped = found.prometheus.query('count(up{job="hoardrun"} == 1)')
        both = bool(scraped) and scraped[0]["value"][1] == "2"
        if both and not set(alerts) & found.prometheus.firing().keys():
            return
        time.sleep(1)
    raise TimeoutError(f"these still fire, or a node is not scraped: {alerts}")


def watch(found: World, fault: Fault) -> dict[str, float]:
    """Play a fault; return after how many seconds each alert fired that did not before."""
    settle(found, fault.alerts)
    before = found.prometheus.firing().keys()
    fired: dict[str, float] = {}
    with fault.play(found):
        began = time.monotonic()
        longest = LONGEST_SECONDS + HOLDS_SECONDS / found.prometheus.pace
        while time.monotonic() - began < longest and not set(fault.alerts) <= fired.keys():
            for alert in found.prometheus.firing().keys() - before:
                fired.setdefault(alert, time.monotonic() - began)
            time.sleep(0.5)
    return fired


def row(*fields: object) -> None:
    print("| " + " | ".join(map(str, fields)) + " |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pace", type=float, default=1)
    parser.add_argument("--only", action="append", choices=FAULTS, default=[])
    arguments = parser.parse_args()
    environment.prepare()
    rules, words = alert_rules(), runbook()
    undetected = []
    row(*FIELDS)
    row(*["---"] * len(FIELDS))
    with (
        tempfile.TemporaryDirectory() as folder,
        world(Path(folder), pace=arguments.pace) as found,
    ):
        for name in arguments.only or FAULTS:
            fault = FAULTS[name]
            fired = watch(found, fault)
            for alert, seconds in sorted(fired.items(), key=lambda each: each[1]):
                severity = rules[alert]["labels"]["severity"]
                row(fault.text, alert, severity, f"{seconds:.0f}", words[alert])
            for alert in set(fault.alerts) - fired.keys():
                row(fault.text, alert, "", "not fired", words[alert])
                undetected.append(f"{name}: {alert}")
    print(f"\n{len(undetected)} not detected {undetected or ''}".rstrip(), flush=True)
    return int(bool(undetected))


if __name__ == "__main__":
    try:
        code = main()
    finally:
        stop_stores()
        reaper.close()
    sys.exit(code)
