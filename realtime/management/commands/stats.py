"""Show what the nodes are doing."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.db import DatabaseError

from realtime import commands
from realtime.registry import Cluster, cluster

CLEAR = "\x1b[H\x1b[2J"
COLUMNS = (
    "NODE",
    "CONNS",
    "USERS",
    "ROOMS",
    "IN/s",
    "OUT/s",
    "IN",
    "OUT",
    "DROP",
    "SLOW",
    "LAG ms",
    "RSS MB",
    "UPTIME",
)
TOP_ROOMS = 10


class Command(commands.Command):
    """`manage.py stats`."""

    help = "Show connections, users, rooms, messages, drops and lag, per node and in all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="One JSON object per reading.")
        parser.add_argument(
            "--watch",
            type=commands.number(0.1, 86_400),
            nargs="?",
            const=2.0,
            metavar="SECONDS",
            help="Read again and again, by default every 2 seconds.",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="For monitors: print what is wrong; exit 0 if well, 1 on a warning, "
            "2 when nothing serves or the database cannot be read.",
        )

    def handle(self, **options: Any) -> None:
        every: float | None = options["watch"]
        if options["check"]:
            try:
                found = cluster()
            except DatabaseError as error:  # 1 would be no more than a warning
                reason = str(error).strip().partition("\n")[0]
                text = f"the database cannot be used: {reason}"
                said = {"status": "CRITICAL", "problems": [text]}
                self.stdout.write(json.dumps(said) if options["json"] else f"CRITICAL: {text}")
                sys.exit(2)
            self._check(found, as_json=options["json"])
        try:
            self._show(options)
            while every is not None:
                time.sleep(every)
                self._show(options)
        except KeyboardInterrupt:
            return

    def _show(self, options: dict[str, Any]) -> None:
        found = cluster()
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
        else:
            if options["watch"] is not None and self.stdout.isatty():
                self.stdout.write(CLEAR, ending="")
            self.stdout.write(render(found))
        self.stdout.flush()

    def _check(self, found: Cluster, *, as_json: bool) -> None:
        worst = max((level for level, _ in found.problems), default=0)
        texts = [text for _, text in found.problems]
        word = ("OK", "WARNING", "CRITICAL")[worst]
        if as_json:
            self.stdout.write(json.dumps({"status": word, "problems": texts, **found.as_json()}))
        else:
            totals = found.totals
            self.stdout.write(
                f"{word}: "
                + (
                    "; ".join(texts)
                    or f"{totals['nodes']} node(s), {totals['connections']} connection(s)"
                )
            )
        self.stdout.flush()
        sys.exit(worst)


def render(found: Cluster) -> str:
    """Lay a reading out as a table."""
    data, totals = found.as_json(), found.totals
    lines = [
        f"hoardrun {data['version']}   layer {data['layer']}   {data['timestamp']}",
        f"NODES {totals['nodes']}  CONNECTIONS {totals['connections']:,}  "
        f"USERS {totals['users']:,}  ROOMS {totals['rooms']:,}  "
        f"IN {totals['in_per_second']:,}/s  OUT {totals['out_per_second']:,}/s  "
        f"DROPPED {totals['dropped']:,}  SLOW {totals['slow_closed']:,}",
    ]
    if not found.nodes:
        lines.append("No node serves: start one with `make run` or `manage.py serve`.")
    rows = [COLUMNS] + [_row(node) for node in data["nodes"]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    if found.nodes:
        lines.append("")
        for row in rows:
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            lines.append("  ".join(cells))
    if found.stale:
        lines.append("silent: " + ", ".join(str(node) for node in found.stale))
    if data["rooms"]:
        lines += ["", "ROOM".ljust(32) + "CONNS"]
        for room, sockets in list(data["rooms"].items())[:TOP_ROOMS]:
            lines.append(f"{room.ljust(32)}{sockets:>5,}")
        if len(data["rooms"]) > TOP_ROOMS:
            lines.append(f"and {len(data['rooms']) - TOP_ROOMS} more")
    return "\n".join(lines)


def _row(node: dict[str, Any]) -> tuple[str, ...]:
    return (
        node["node"],
        f"{node['connections']:,}",
        f"{node['users']:,}",
        f"{node['rooms']:,}",
        f"{node['in_per_second']:,}",
        f"{node['out_per_second']:,}",
        f"{node['messages_in']:,}",
        f"{node['messages_out']:,}",
        f"{node['dropped']:,}",
        f"{node['slow_closed']:,}",
        f"{node['lag_ms']:.1f}",
        f"{node['rss_mb']:.0f}",
        str(timedelta(seconds=node["uptime_seconds"])),
    )
