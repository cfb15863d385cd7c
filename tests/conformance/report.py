"""What a run found, as `conformance.md` and `conformance/index.json`."""

from __future__ import annotations

import json
import platform
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hoardrun import __version__
from tests.conformance import verdict
from tests.conformance.verdict import ALLOWED, BEHAVIOURS, Results, behaviour
from tests.conformance.wstest import SUITE

SECTIONS = {
    1: "Framing",
    2: "Pings and pongs",
    3: "Reserved bits",
    4: "Opcodes",
    5: "Fragmentation",
    6: "UTF-8",
    7: "Closing",
    9: "Limits and performance",
    10: "Automatic fragmentation",
    12: "Compression, different payloads",
    13: "Compression, different parameters",
}
_INTRODUCTION = """\
# Conformance to RFC 6455 and RFC 7692

For people who choose a server or a client library: which cases of the Autobahn|Testsuite pass. The
suite speaks to `/ws/echo` of a server that `manage.py serve` started, so it tests the server's own
limits, framing and compression. Text messages come back as customers' messages leave, framed and
compressed once and written straight to the transport; binary ones through ASGI. The route is off
unless `WS_ECHO=1`.

`make conformance` runs sections 1 to 7 and 10 with the default settings;
`make conformance ARGS=--all` adds 9, 12 and 13, with `WS_MAX_MESSAGE_BYTES` raised to what they
send. It needs a Python 2.7 for the suite, and fails on any failure that is not named below, and
on one that is named and passes. This page was written by
`{command}` on {date}, in {minutes} minutes.

{versions}
"""


def as_text(results: Results) -> str:
    """Return the totals by section as a table of Markdown."""
    counts: dict[int, Counter[str]] = {}
    for case, result in results.items():
        section = counts.setdefault(verdict.in_order(case)[0], Counter())
        section[behaviour(result)] += 1
    lines = [_row("section", "cases", *BEHAVIOURS), _row("---", *["--:"] * (len(BEHAVIOURS) + 1))]
    for number, found in sorted(counts.items()):
        lines.append(_total(f"{number} {SECTIONS[number]}", found))
    lines.append(_total("all", sum(counts.values(), Counter())))
    return "\n".join(lines)


def write(out: Path, results: Results, command: str, seconds: float) -> None:
    """Write both files into `out`."""
    versions = _versions()
    date = datetime.now(UTC).date().isoformat()
    introduction = _INTRODUCTION.format(
        command=command,
        date=date,
        minutes=f"{seconds / 60:.1f}",
        versions=", ".join(f"{name} {number}" for name, number in versions.items()) + ".",
    )
    parts = [introduction, as_text(results), "", "## Failures that are allowed", ""]
    parts += [f"- **{case}**: {reason}" for case, reason in ALLOWED.items()]
    parts += ["", "## Cases that are not plainly OK", ""]
    parts += [_row("case", "verdict", "close code"), _row("---", "---", "--:")]
    others = {case: result for case, result in results.items() if behaviour(result) != "OK"}
    for case in sorted(others, key=verdict.in_order):
        code = others[case]["remoteCloseCode"]
        parts.append(_row(case, behaviour(others[case]), str(code)))
    parts += ["", *_EXPLANATIONS]
    summary: dict[str, Any] = {
        "date": date,
        "command": command,
        "versions": versions,
        "totals": Counter(map(behaviour, results.values())),
        "cases": {case: behaviour(results[case]) for case in sorted(results, key=verdict.in_order)},
    }
    (out / "conformance").mkdir(parents=True, exist_ok=True)
    (out / "conformance.md").write_text("\n".join(parts))
    (out / "conformance" / "index.json").write_text(json.dumps(summary, indent=1) + "\n")


_EXPLANATIONS = [
    "NON-STRICT is what the RFC permits and the suite would like earlier: text that is no UTF-8 is",
    "refused with 1007 when its message is whole, not at the first bad fragment. INFORMATIONAL",
    "cases have no right answer: closing with data on its way, and close codes beyond 4999.",
    "",
]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _total(name: str, found: Counter[str]) -> str:
    return _row(name, str(found.total()), *[str(found[each]) for each in BEHAVIOURS])


def _versions() -> dict[str, str]:
    suite, _, number = SUITE.partition("==")
    libraries = {name: version(name) for name in ("uvicorn", "uvloop", "websockets")}
    ours = {"hoardrun": __version__, "Python": platform.python_version()}
    return ours | libraries | {suite: number}
