"""Refusals: what a service does not do, and how the HTTP API says so.

Each app declares its own as subclasses; `hoardrun.api.problems` answers them all alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class Refused(Exception):
    """A request that is refused. Nothing was written.

    `text` says what to do; it is filled with what is given when it is raised, by position and by
    name. What is given by name is `extra`, too: what a program needs to react, beside the text.
    Without a `title`, an answer has that of its HTTP status.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 400
    title: ClassVar[str] = ""
    text: ClassVar[str] = "{}"

    def __init__(self, *values: object, **extra: Any) -> None:
        super().__init__(self.text.format(*values, **extra))
        self.extra = extra


class InvalidInput(Refused):
    """Fields are wrong: give one with its reason, or several by name, each with its reasons."""

    code = "invalid_input"
    title = "Invalid input"

    def __init__(self, field: str = "", reason: str = "", /, **errors: Sequence[str]) -> None:
        self.errors = errors or {field: [reason]}
        text = " ".join(f"{name}: {' '.join(why)}" for name, why in self.errors.items())
        super().__init__(text, errors=self.errors)
