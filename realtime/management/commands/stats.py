"""`manage.py stats`: show what the nodes report."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db import DatabaseError

from realtime import series
from realtime.management import base
from realtime.meters.doubts import doubts
from realtime.meters.sections import sections
from realtime.options import options
from realtime.registry import Cluster, cluster
from realtime.sql.blockers import Blocker, blockers
from realtime.sql.errors import explain, reason_of

CLEAR = "\x1b[H\x1b[2J"
COLUMNS = {  # by heading, the format of a node's cell
    "NODE": "{node}",
    "CONNS": "{connections:,}",
    "USERS": "{users:,}",
    "ROOMS": "{rooms:,}",
    "IN/s": "{in_per_second:,}",
    "OUT/s": "{out_per_second:,}",
    "IN": "{messages_in:,}",
    "OUT": "{messages_out:,}",
    "DROP": "{dropped:,}",
    "SLOW": "{slow_closed:,}",
    "LAG ms": "{lag_ms:.1f}",
    "RSS MB": "{rss_mb:.0f}",
    "UPTIME": "{uptime}",
}
OVER_TIME = {  # by heading, a line of the charts
    "CONNS": "connections",
    "USERS": "users",
    "IN/s": "messages_in",
    "OUT/s": "messages_out",
    "PUBL/s": "published",
    "p50 ms": "delivery_p50_ms",
    "p99 ms": "delivery_p99_ms",
    "SLOW": "slow_closed",
    "RESYNC": "resyncs",
    "LATE": "found_late",
    "LAG ms": "lag_ms",
    "RSS MB": "rss_mb",
}
NOTHING_REPORTED = "No node has reported a whole minute in this time."
TOP_ROOMS = 10
FAILOVER_TOLD = timedelta(days=1)
WELL = "{nodes} node(s), {connections} connection(s)"


class Command(base.Command):
    help = "Show connections, users, rooms, messages, drops and lag, per node and in all."
    json_help = "One JSON object per reading."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--watch",
            type=base.number(0.1, 86_400),
            nargs="?",
            const=2.0,
            metavar="SECONDS",
            help="Repeat, by default every 2 seconds.",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="For monitors: print what is wrong; exit 0 if well, 1 on a warning, "
            "2 when nothing serves or the database cannot be read.",
        )
        parser.add_argument(
            "--series",
            choices=series.SPANS,
            help="Print what the nodes did over this time in place of what they do now.",
        )

    def handle(self, **given: Any) -> None:
        every: float | None = given["watch"]
        if given["check"]:
            sys.exit(self._check())
        if given["series"]:
            then = series.read(series.SPANS[given["series"]])
            self.say(then.as_json(), over_time(then))
            return
        clears = every is not None and not self.as_json and self.stdout.isatty()
        try:
            while True:
                found, holding = cluster(), blockers()
                if clears:
                    self.stdout.write(CLEAR, ending="")
                data = found.as_json() | {"blockers": [one.as_json() for one in holding]}
                lines = [render(found)]
                lines += [f"blocks: {_text(one)}" for one in holding if one.matters]
                for fields, more in sections():
                    data |= fields
                    lines += ["", *more] if more else []
                self.say(data, "\n".join(lines))
                if every is None:
                    return
                time.sleep(every)
        except KeyboardInterrupt:
            return

    def _check(self) -> int:
        """Say what is wrong; return the level of the worst."""
        try:
            found, holding = cluster(), blockers()
            problems = found.problems + [(1, _text(one)) for one in holding if one.matters]
            problems += [(1, text) for text in [*_doubts(found), *doubts()]]
            data = found.as_json() | {"blockers": [one.as_json() for one in holding]}
        except DatabaseError as error:  # 1 would be no more than a warning
            means = explain(error)
            text = f"the database cannot be used: {means.says} {reason_of(error)} {means.do}"
            problems, data = [(2, text)], {}
        worst = max((level for level, _ in problems), default=0)
        texts = [text for _, text in problems]
        word = ("OK", "WARNING", "CRITICAL")[worst]
        says = "; ".join(texts) or WELL.format(**data["totals"])
        self.say({"status": word, "problems": texts, **data}, f"{word}: {says}")
        return worst


def _epoch(epoch: dict[str, str | None]) -> str:
    began = f" since {epoch['began_at']}" if epoch["began_at"] else ""
    seen = f"{epoch['last_failover_at']}, {epoch['last_failover']}"
    failover = seen if epoch["last_failover"] else "none seen"
    return f"EPOCH {epoch['deployment'] or 'the first'}{began}  LAST FAILOVER {failover}"


def _doubts(found: Cluster) -> Iterator[str]:
    """Report a failover that began no new epoch: an operator has to judge it."""
    seen, began = found.deployment.failover_at, found.deployment.bumped_at
    if options().epoch_on_failover != "warn" or seen is None:
        return
    if found.moment - seen < FAILOVER_TOLD and (began is None or began < seen):
        yield (
            f"PostgreSQL failed over at {seen:%Y-%m-%d %H:%M:%S} UTC "
            f"({found.deployment.failover}), and the epoch stays: run `bump_epoch --all` unless a "
            "synchronous standby has taken over; this is said for a day"
        )


def _text(holding: Blocker) -> str:
    """Describe the sessions that a session blocks, and for how long."""
    if not holding.waiting:
        return f"{holding} Who publishes there waits."
    return f"{holding} {holding.waiting} wait(s), the longest for {holding.waited_seconds:.0f} s."


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells]))
    return lines


def over_time(found: series.Series) -> str:
    """Format series as a table, in UTC, without the steps in which nothing reported."""
    rows = [["UTC", *OVER_TIME]]
    for index, at in enumerate(found.times):
        values = [found.lines[name][index] for name in OVER_TIME.values()]
        if any(value is not None for value in values):
            cells = ["–" if value is None else f"{value:,}" for value in values]
            rows.append([f"{series.moment(at // 60):%m-%d %H:%M}", *cells])
    return "\n".join(_table(rows)) if len(rows) > 1 else NOTHING_REPORTED


def render(found: Cluster) -> str:
    """Format a reading as tables for a terminal."""
    data, totals = found.as_json(), found.totals
    lines = [
        f"hoardrun {data['version']}   layer {data['layer']}   {data['timestamp']}",
        f"NODES {totals['nodes']}  CONNECTIONS {totals['connections']:,}  "
        f"USERS {totals['users']:,}  ROOMS {totals['rooms']:,}  "
        f"IN {totals['in_per_second']:,}/s  OUT {totals['out_per_second']:,}/s  "
        f"DROPPED {totals['dropped']:,}  SLOW {totals['slow_closed']:,}",
        _epoch(data["epoch"]),
    ]
    if not found.nodes:
        lines.append("No node is serving: start one with `make run` or `manage.py serve`.")
    else:
        rows = [list(COLUMNS)]
        for node in data["nodes"]:
            uptime = timedelta(seconds=node["uptime_seconds"])
            rows.append([cell.format(**node, uptime=uptime) for cell in COLUMNS.values()])
        lines += ["", *_table(rows)]
    lines += [f"degraded: {node}: {node.degraded}" for node in found.nodes if node.degraded]
    if found.stale:
        lines.append("silent: " + ", ".join(str(node) for node in found.stale))
    if data["rooms"]:
        lines += ["", "ROOM".ljust(32) + "CONNS"]
        for room, sockets in list(data["rooms"].items())[:TOP_ROOMS]:
            lines.append(f"{room.ljust(32)}{sockets:>5,}")
        if len(data["rooms"]) > TOP_ROOMS:
            lines.append(f"and {len(data['rooms']) - TOP_ROOMS} more")
    return "\n".join(lines)
