"""The commit, the time and the machine of a measurement, without which a figure means nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from hoardrun import __version__
from tests.services.environment import ROOT


@dataclass(frozen=True)
class Stamp:
    """One run."""

    measured_at: str
    hoardrun: str
    commit: str
    python: str
    cpu: str
    cores: int
    kernel: str

    @classmethod
    def now(cls) -> Self:
        """Look at all of it; do so before the run, which a commit may overtake."""
        return cls(
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            hoardrun=__version__,
            commit=commit(),
            python=platform.python_version(),
            cpu=_model(),
            cores=os.cpu_count() or 1,
            kernel=platform.release(),
        )

    def __str__(self) -> str:
        return (
            f"hoardrun {self.hoardrun} at {self.commit}, Python {self.python}, "
            f"{self.cores} cores of {self.cpu}, Linux {self.kernel}, {self.measured_at}"
        )


def commit() -> str:
    """Name the commit that is checked out, ending with `-dirty` when a tracked file differs."""
    git = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.check_output(git, cwd=ROOT, stderr=subprocess.DEVNULL, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return "an unknown commit"  # not a clone, or no git


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
