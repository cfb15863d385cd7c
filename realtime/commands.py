"""What the product's commands share: they end in one line, whatever they are given."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

SHOWN = 60  # characters of what was given, in an error
MAX_LINE = 400  # characters of an error
MOST = 10**15  # of what is counted; the databases and JSON's readers keep that exactly


class _Parser(CommandParser):
    """Says in one line what is wrong with the arguments; the usage is what --help is for."""

    def error(self, message: str) -> NoReturn:
        message = short(message)
        if self.called_from_command_line:
            self.exit(2, f"{self.prog}: {message}. `{self.prog} --help` tells what it takes.\n")
        raise CommandError(f"Error: {message}")


class Command(BaseCommand):
    """Base of commands. It refuses arguments that are no text before any work begins."""

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **options)
        parser.__class__ = _Parser  # Django makes it, and takes no class
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        for name, value in options.items():
            for text in _texts(value):
                if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
                    raise CommandError(
                        f"{name} is {text[:SHOWN]!a}, which is no text in UTF-8: write it anew."
                    )
        try:
            return super().execute(*args, **options)
        except CommandError as error:
            raise CommandError(short(str(error)), returncode=error.returncode) from None


def short(text: str) -> str:
    """Make a line of a text that may repeat whatever was given: its begin and its end."""
    line = " ".join(text.split("\n"))
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE // 2]} … {line[-MAX_LINE // 2 :]}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def number(minimum: float, maximum: float) -> Callable[[str], float]:
    """Make an argument's type: a number in these bounds."""

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
    """Make an argument's type: a whole number in these bounds, in ASCII digits."""

    def read(text: str) -> int:
        plain = text.isascii() and text.isdigit() and len(text) <= len(str(maximum))
        if not plain or not minimum <= int(text) <= maximum:
            raise ArgumentTypeError(
                f"{text[:SHOWN]!a} is no whole number from {minimum:,} to {maximum:,}"
            )
        return int(text)

    return read
