"""The base of all `manage.py` commands, the types of their arguments, and users by name.

Commands of every app use it. It guarantees that any input that a command refuses ends in one line
on stderr, without a traceback.
"""

from __future__ import annotations

import json
import math
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Iterator
from secrets import token_hex
from typing import Any, ClassVar, Literal, NoReturn

from django.contrib.auth import get_user_model
from django.core.checks import Tags
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from realtime import log_context
from realtime.errors import Refused
from realtime.log_context import Work

SHOWN = 60  # characters of a bad argument, in an error
MAX_LINE = 400  # characters of an error
MOST = 10**15  # of a count: databases and JSON readers keep it exactly
PROGRESS_SECONDS = 1.0
PATIENCE_SECONDS = 15.0  # for what the nodes will report
LOOK_SECONDS = 0.2


class _Parser(CommandParser):
    """Reports wrong arguments in one line; the usage is left to --help."""

    def error(self, message: str) -> NoReturn:
        message = short(message)
        if self.called_from_command_line:
            self.exit(2, f"{self.prog}: {message}. `{self.prog} --help` lists the arguments.\n")
        raise CommandError(f"Error: {message}")


class Command(BaseCommand):
    """Base of commands. Refuses arguments that are not UTF-8 text before any work begins.

    A refusal by a service or by the settings ends the command as a CommandError does.
    """

    json_help: ClassVar[str] = ""  # of `--json`; without it, the command has no such option
    as_json = False
    is_one_piece: ClassVar[bool] = True  # else what it does has ids of its own in the log
    # Those of the deployment. `serve`, `migrate` and `check` run them all, for which all views and
    # pages must be loaded.
    requires_system_checks: list[str] | tuple[str, ...] | Literal["__all__"] = (Tags.security,)

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **options)
        parser.__class__ = _Parser  # Django makes it, and takes no class
        if self.json_help:
            parser.add_argument("--json", action="store_true", help=self.json_help)
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        for name, value in options.items():
            for text in _texts(value):
                if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
                    raise CommandError(
                        f"{name} is {text[:SHOWN]!a}, which is not UTF-8 text: write it again."
                    )
        self.as_json = bool(options.get("json"))
        self._reported = time.monotonic()
        name = type(self).__module__.rpartition(".")[2]
        work = Work(f"{name}-{token_hex(4)}") if self.is_one_piece else log_context.work.get()
        token = log_context.work.set(work)
        try:
            return super().execute(*args, **options)
        except (CommandError, ImproperlyConfigured, Refused) as error:
            code = getattr(error, "returncode", 1)
            raise CommandError(short(str(error)), returncode=code) from error
        finally:
            log_context.work.reset(token)

    def say(self, result: object, text: str) -> None:
        """Write a result: as JSON after `--json`, else as text."""
        self.stdout.write(json.dumps(result, cls=DjangoJSONEncoder) if self.as_json else text)
        self.stdout.flush()

    def progress(self, text: str) -> None:
        """Write a line to stderr, at most one every PROGRESS_SECONDS."""
        now = time.monotonic()
        if now - self._reported >= PROGRESS_SECONDS:
            self._reported = now
            self.stderr.write(text)


def looks() -> Iterator[None]:
    """Yield every LOOK_SECONDS, for PATIENCE_SECONDS, to a loop that waits for the nodes."""
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        yield
        time.sleep(LOOK_SECONDS)


def user_named(name: str, hint: str = "") -> Any:
    """Return the user of that name, in whichever field the project's model keeps it.

    Raises CommandError, which ends with `hint`.
    """
    users: Any = get_user_model()
    user = users._default_manager.filter(**{users.USERNAME_FIELD: name}).first()
    if user is None:
        raise CommandError(f"There is no user {name!r:.80}{hint}.")
    return user


def users_named(names: Iterable[str]) -> dict[str, Any]:
    """Return the users that exist, by name."""
    users: Any = get_user_model()
    found: dict[str, Any] = users._default_manager.in_bulk(names, field_name=users.USERNAME_FIELD)
    return found


def short(text: str) -> str:
    """Return a text as one line of at most about MAX_LINE characters: its start and its end."""
    line = " ".join(text.split("\n"))
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE // 2]} … {line[-MAX_LINE // 2 :]}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def number(minimum: float, maximum: float) -> Callable[[str], float]:
    """Return the type of an argument that is a number within bounds."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not minimum <= value <= maximum:
            raise ArgumentTypeError(
                f"{text[:SHOWN]!a} is no number from {minimum:,g} to {maximum:,g}"
            )
        return value

    return read


def whole(minimum: int = 0, maximum: int = MOST) -> Callable[[str], int]:
    """Return the type of an argument that is a whole number within bounds, in ASCII digits."""

    def read(text: str) -> int:
        plain = text.isascii() and text.isdigit() and len(text) <= len(str(maximum))
        if not plain or not minimum <= int(text) <= maximum:
            raise ArgumentTypeError(
                f"{text[:SHOWN]!a} is no whole number from {minimum:,} to {maximum:,}"
            )
        return int(text)

    return read
