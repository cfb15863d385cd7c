"""What apps add to `manage.py stats`. They register in `ready()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Section = Callable[[], tuple[Mapping[str, Any], Sequence[str]]]

_sections: list[Section] = []


def register(section: Section) -> None:
    """Register a function that returns fields for programs and lines for people. Once.

    It reads the database, and it must be cheap.
    """
    if section not in _sections:
        _sections.append(section)


def sections() -> Iterator[tuple[Mapping[str, Any], Sequence[str]]]:
    """Read what all apps add. Raises DatabaseError if the database cannot be read."""
    for section in _sections:
        yield section()
