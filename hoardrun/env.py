"""The one place that reads the environment, and the files that its variables name.

A value that cannot be understood stops the start with one sentence that names the variable. The
value of a secret is never repeated.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured

from realtime.option_fields import Option, declared

BASE_DIR = Path(__file__).resolve().parent.parent

T = TypeVar("T")


def read(table: type[T]) -> T:
    """Read the options that a dataclass declares."""
    return table(**given(table))


def given(table: type) -> dict[str, Any]:
    """Read those of a dataclass's options that the environment sets, by the names of fields."""
    sources = ((option, source_of(option)) for option in declared(table))
    return {option.field: value_of(option, source) for option, source in sources if source}


def by_variable(*tables: type) -> dict[str, Any]:
    """Read those of some dataclasses' options that the environment sets, by their variables."""
    options = (option for table in tables for option in declared(table))
    sources = ((option, source_of(option)) for option in options)
    return {option.variable: value_of(option, source) for option, source in sources if source}


def source_of(option: Option) -> str:
    """Return the variable that sets an option: its own, or that of its file; "" if none does."""
    own, file = option.variable, f"{option.variable}_FILE"
    if option.secret and _text(file):
        if _text(own):
            raise ImproperlyConfigured(f"{own} and {file} are both set: take one of them out.")
        return file
    return own if own in os.environ else ""


def secrets(*tables: type) -> Iterator[str]:
    """Yield the text of each secret that is set, as its variable or its file holds it."""
    for option in chain.from_iterable(map(declared, tables)):
        if option.secret and (source := source_of(option)):
            yield _given(option, source)


def value_of(option: Option, source: str) -> Any:
    """Read an option from the variable that `source_of` has found."""
    text = _given(option, source)
    try:
        return option.parse(text)
    except ValueError as error:
        shown = source if option.secret else f"{source}={text!r}"
        raise ImproperlyConfigured(f"{shown} {error}") from None


def _given(option: Option, source: str) -> str:
    text = _text(source)
    if source != option.variable:
        text = clean(read_file(source, text))
        if not text:
            raise ImproperlyConfigured(f"{source}: the file is empty.")
    return text


def read_file(variable: str, path: str) -> str:
    """Read the file that a variable names."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{variable}={path!r} is not a text file in UTF-8.") from None
    except OSError as error:
        raise ImproperlyConfigured(
            f"{variable}={path!r} cannot be read: {error.strerror}."
        ) from None


def names(*tables: type) -> Iterator[str]:
    """List the variables that these dataclasses are read from."""
    for table in tables:
        for option in declared(table):
            yield option.variable
            if option.secret:
                yield f"{option.variable}_FILE"


def unknown(*tables: type) -> list[str]:
    """List the variables that begin as those of a dataclass with a PREFIX do, and are none."""
    prefixes = tuple(table.PREFIX for table in tables if hasattr(table, "PREFIX"))
    known = set(names(*tables))
    return sorted(name for name in os.environ if name.startswith(prefixes) and name not in known)


def clean(text: str) -> str:
    """Take surrounding blanks and a byte order mark away."""
    return text.strip().removeprefix("\ufeff").strip()


def _text(variable: str) -> str:
    return clean(os.environ.get(variable, ""))
