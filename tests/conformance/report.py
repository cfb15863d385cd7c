"""Write the result of a run as `conformance.md` and `conformance/index.json`."""

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
PAGE = Path(__file__).with_name("page.md")


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
    cells = [("case", "verdict", "close code"), ("---", "---", "--:")]
    for case in sorted(results, key=verdict.in_order):
        if (found := behaviour(results[case])) != "OK":
            cells.append((case, found, str(results[case]["remoteCloseCode"])))
    page = PAGE.read_text().format(
        command=command,
        date=date,
        minutes=seconds / 60,
        versions=", ".join(f"{name} {number}" for name, number in versions.items()),
        table=as_text(results),
        allowed="\n".join(f"- **{case}**: {reason}" for case, reason in ALLOWED.items()),
        others="\n".join(_row(*row) for row in cells),
    )
    summary: dict[str, Any] = {
        "date": date,
        "command": command,
        "versions": versions,
        "totals": Counter(map(behaviour, results.values())),
        "cases": {case: behaviour(results[case]) for case in sorted(results, key=verdict.in_order)},
    }
    (out / "conformance").mkdir(parents=True, exist_ok=True)
    (out / "conformance.md").write_text(page)
    (out / "conformance" / "index.json").write_text(json.dumps(summary, indent=1) + "\n")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _total(name: str, found: Counter[str]) -> str:
    return _row(name, str(found.total()), *[str(found[each]) for each in BEHAVIOURS])


def _versions() -> dict[str, str]:
    suite, _, number = SUITE.partition("==")
    libraries = {name: version(name) for name in ("uvicorn", "uvloop", "websockets")}
    ours = {"hoardrun": __version__, "Python": platform.python_version()}
    return ours | libraries | {suite: number}
