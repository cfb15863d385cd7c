"""`manage.py check_delivery`: measure a deployment from outside, for monitors."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import CommandError

from hoardrun.outside import STEPS, Credential, Outcome, Password, Token, check
from realtime.management import base

PATH = "/ws/notifications"
SLOW, FAILED = 1, 2


class Command(base.Command):
    help = (
        "Connect to a deployment as a user, publish an event to that user, and wait for it. "
        "Exit code: 0 when it came, 1 when it took longer than --slow, 2 when a step failed. "
        "Run it from where customers are."
    )
    json_help = (
        "One JSON object: ok, failed_at, why, the seconds of each step, and when the certificate "
        "ends, as a Unix time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--url", required=True, help=f"wss://api.example.com; the path is {PATH} without one."
        )
        parser.add_argument("--token-file", type=Path, help="Has an access token.")
        parser.add_argument("--username", default="", help="Log in as this user each time;")
        parser.add_argument("--password-file", type=Path, help="this file has the password.")
        parser.add_argument(
            "--timeout", type=base.number(0.1, 600), default=10.0, help="Seconds for each step."
        )
        parser.add_argument(
            "--slow", type=base.number(0.001, 600), default=1.0, help="Seconds until it came."
        )
        parser.add_argument(
            "--textfile", type=Path, help="Write it for the node exporter, too: name a .prom file."
        )

    def handle(self, *, url: str, timeout: float, slow: float, **options: Any) -> None:
        parts = urlsplit(url)
        whole = parts._replace(path=PATH).geturl() if parts.path in {"", "/"} else url
        credential = _credential(
            options["token_file"], options["username"], options["password_file"]
        )
        try:
            outcome = asyncio.run(check(whole, credential, timeout))
        except ValueError as error:
            raise CommandError(f"{error}.", returncode=FAILED) from None
        if options["textfile"] is not None:
            write(options["textfile"], outcome)
        self.say(_plain(outcome), _line(outcome))
        if outcome.failed_at is not None:
            sys.exit(FAILED)
        if outcome.seconds["receive"] > slow:
            sys.exit(SLOW)


def _credential(token: Path | None, username: str, password: Path | None) -> Credential:
    if token is not None and not username and password is None:
        return Token(_read(token))
    if token is None and username and password is not None:
        return Password(username, _read(password))
    raise CommandError("Give --token-file, or --username and --password-file.", returncode=FAILED)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}", returncode=FAILED) from None


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "ok": outcome.failed_at is None,
        "failed_at": outcome.failed_at,
        "why": outcome.why,
        "certificate_ends_at": outcome.certificate_ends_at,
        "seconds": {step: round(seconds, 4) for step, seconds in outcome.seconds.items()},
    }


def _line(outcome: Outcome) -> str:
    took = ", ".join(f"{step} {seconds * 1000:.0f} ms" for step, seconds in outcome.seconds.items())
    if outcome.failed_at is None:
        return f"It came: {took}."
    before = f" Before: {took}." if took else ""
    return f"It failed at: {outcome.failed_at}: {outcome.why}.{before}"


def write(file: Path, outcome: Outcome) -> None:
    """Replace the file at once, as the exporter may read it at any time."""
    name = "hoardrun_outside_check"
    lines = [
        f"# HELP {name}_ok 1 if the last check has received what it published.",
        f"# TYPE {name}_ok gauge",
        f"{name}_ok {int(outcome.failed_at is None)}",
        f"# HELP {name}_timestamp_seconds When the last check ended.",
        f"# TYPE {name}_timestamp_seconds gauge",
        f"{name}_timestamp_seconds {time.time():.0f}",
        f"# HELP {name}_seconds How long each of its steps took.",
        f"# TYPE {name}_seconds gauge",
        *(
            f'{name}_seconds{{step="{step}"}} {outcome.seconds[step]:.6f}'
            for step in STEPS
            if step in outcome.seconds
        ),
    ]
    if outcome.certificate_ends_at is not None:
        lines += [
            f"# HELP {name}_certificate_ends_timestamp_seconds When the certificate ends.",
            f"# TYPE {name}_certificate_ends_timestamp_seconds gauge",
            f"{name}_certificate_ends_timestamp_seconds {outcome.certificate_ends_at:.0f}",
        ]
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        os.replace(part, file)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error}", returncode=FAILED) from None
