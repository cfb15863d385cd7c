"""CPU and memory of processes and their children, from the kernel. Linux only."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_CPU_CLOCK = 2  # CPUCLOCK_SCHED: user and system, in nanoseconds


def tree(pid: int) -> Iterator[int]:
    """Name a process and everything below it that still runs."""
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        try:
            children = (thread / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child))


def cpu_seconds(pid: int) -> float:
    """User and system seconds of a process, its threads and all its children so far."""
    return sum(_own(each) + _reaped(each) for each in tree(pid))


def _own(pid: int) -> float:
    try:
        # The kernel's clock of another process: finer than the ticks of /proc/<pid>/stat.
        return time.clock_gettime((~pid << 3) | _CPU_CLOCK)
    except OSError:
        return _stat(pid, 11)


def _reaped(pid: int) -> float:
    return _stat(pid, 13)


def _stat(pid: int, field: int) -> float:
    """Add two neighbouring tick counts, numbered from what follows the program's name."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[field]) + int(fields[field + 1])) / _TICKS_PER_SECOND


def memory_kib(pid: int, kind: str = "Pss") -> int:
    """Memory of a process tree: `Pss`, its share of what it maps, or `Rss`, all of it."""
    return sum(_rollup(each, kind) for each in tree(pid))


def _rollup(pid: int, kind: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{kind}:")), 0)
