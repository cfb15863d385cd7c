"""Refusals: what a service does not do, and how the HTTP API says so.

Each app declares its own as subclasses; `hoardrun.api.problems` answers them all alike.

* Refused: 400
  * InvalidInput: fields are wrong
  * Forbidden: 403
    * SecondPerson: nobody approves what they have asked for
  * NotFound: 404
  * Conflict: 409
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar


class Refused(Exception):
    """A request that is refused. Nothing was written.

    `text` says what to do; it is filled with what is given when it is raised, by position and by
    name. Keyword arguments are `extra`, too: data for programs, beside the text.
    Without a `title`, an answer has that of its HTTP status. With a `field`, the text is also the
    reason why that field is wrong.

    `code` is part of the API. It is the name of the class, `NotFound` as `not_found`, unless the
    class says another one.
    """

    code: ClassVar[str]
    status: ClassVar[int] = 400
    title: ClassVar[str] = ""
    text: ClassVar[str] = "{}"
    field: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        cls.code = cls.__dict__.get("code") or re.sub(r"\B[A-Z]", r"_\g<0>", cls.__name__).lower()

    def __init__(self, *values: object, **extra: Any) -> None:
        super().__init__(self.text.format(*values, **extra))
        self.extra = {"errors": {self.field: [str(self)]}} if self.field else extra


class InvalidInput(Refused):
    """Fields are wrong: give one with its reason, or several by name, each with its reasons."""

    title = "Invalid input"

    def __init__(self, field: str = "", reason: str = "", /, **errors: Sequence[str]) -> None:
        self.errors = errors or {field: [reason]}
        text = " ".join(f"{name}: {' '.join(why)}" for name, why in self.errors.items())
        super().__init__(text, errors=self.errors)


class Forbidden(Refused):
    """This user has no right to do it."""

    status = 403


class SecondPerson(Forbidden):
    """The person who asked for an act may not approve it."""

    title = "A second person decides"
    text = "You have asked for it yourself: another member of staff decides."


class NotFound(Refused):
    """There is no such row, as far as the caller may know."""

    status = 404
    title = "Not found"


class Conflict(Refused):
    """The current state of the stored rows does not allow the request."""

    status = 409
    title = "Conflict with the current state"
