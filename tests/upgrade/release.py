"""The release before, unpacked from its wheel: its commands, and its server."""

from __future__ import annotations

import functools
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.services import reaper
from tests.services.process import run_python

HERE = Path(__file__).parent
# manage.py is no part of a wheel: a project that installs one has its own.
MANAGE = """\
import os, sys
from django.core.management import execute_from_command_line
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hoardrun.settings")
execute_from_command_line(sys.argv)
"""


def wheel() -> Path:
    """Return the wheel of the release before; there is exactly one."""
    (found,) = HERE.glob("hoardrun-*.whl")
    return found


def version() -> str:
    """Return the number of the release before."""
    return wheel().name.split("-")[1]


def migrations() -> dict[str, bytes]:
    """Return the migrations that are released, by path, with the bytes of each."""
    with zipfile.ZipFile(wheel()) as archive:
        return {
            name: archive.read(name)
            for name in archive.namelist()
            if re.search(r"/migrations/\d{4}_\w+\.py$", name)
        }


@functools.cache
def folder() -> Path:
    """Return a folder to run the release before in."""
    unpacked = reaper.workspace() / "release-before"
    with zipfile.ZipFile(wheel()) as archive:
        archive.extractall(unpacked)
    (unpacked / "manage.py").write_text(MANAGE)
    return unpacked


def manage(*arguments: str, env: Mapping[str, str]) -> str:
    """Run one of its commands and return what it prints; raise RuntimeError when it fails."""
    return run_python("manage.py", *arguments, env=env, cwd=folder()).stdout
