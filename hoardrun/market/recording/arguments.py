"""The arguments of commands that play a recording."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import CommandError

from hoardrun.market.recording.format import Recording, RecordingRefused, load
from realtime.management import base

MAX_SPEED = 10_000


def add_time_arguments(parser: ArgumentParser) -> None:
    """Add how fast time goes, and what time it is."""
    parser.add_argument(
        "--speed",
        type=base.number(0.01, MAX_SPEED),
        default=1.0,
        help="How fast the time of a recording goes.",
    )
    parser.add_argument(
        "--fast", action="store_true", help="Play a recording as fast as it is read."
    )
    parser.add_argument(
        "--rebase", choices=["now"], help="Let the time of a recording be this when it begins."
    )


def recording_in(file: Path) -> Recording:
    """Read a recording. Raises CommandError."""
    try:
        return load(file)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
    except RecordingRefused as error:
        raise CommandError(str(error)) from None
