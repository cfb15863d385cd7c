"""Put a bug in, and take it out again.

The bugs are in `SECTIONS`, modules beside this one; each is a function that replaces one thing
of the product. Importing them takes Django's applications.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
from collections.abc import Callable
from typing import Any
from unittest import mock

SECTIONS = ("log", "layer", "streams", "sockets", "logins", "acks", "door")
_patches: dict[str, Callable[[], None]] = {}
_put_in = contextlib.ExitStack()


def apply(name: str) -> None:
    """Put one bug in; raises KeyError for a name that is none."""
    _all()[name]()


def known(section: str = "") -> set[str]:
    """Return the names of all that may be put in, or of those in one of SECTIONS."""
    return {name for name, function in _all().items() if function.__module__.endswith(section)}


def _all() -> dict[str, Callable[[], None]]:
    for section in SECTIONS:
        importlib.import_module(f"tests.faults.bugs.{section}")
    return _patches


def undo() -> None:
    """Take out again what was put in, for processes that try several bugs."""
    _put_in.close()


def bug(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(function: Callable[[], None]) -> Callable[[], None]:
        _patches[name] = function
        return function

    return register


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of what must be there."""
    original = getattr(owner, name)
    changed = functools.wraps(original)(make(original))
    _put_in.enter_context(mock.patch.object(owner, name, changed))


def changes(
    name: str, attribute: str, *owners: Any, counts: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a bug that stands in for one function, and is called with the original first.

    One that `counts` is told next which call it is, from 1 on each time that it is put in.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        def make(original: Any) -> Any:
            function.__qualname__ = original.__qualname__  # by which tasks are known
            count = itertools.count(1)

            def changed(*args: Any, **kwargs: Any) -> Any:
                told = (original, next(count)) if counts else (original,)
                return function(*told, *args, **kwargs)

            return changed

        @bug(name)
        @functools.wraps(function)
        def put_in() -> None:
            for owner in owners:
                replace(owner, attribute, make)

        return function

    return register


def without(name: str, attribute: str, *owners: Any) -> None:
    """Register a bug that leaves out what a function does."""

    @bug(name)
    def put_in() -> None:
        for owner in owners:
            instead(owner, attribute, nothing)


def instead(owner: Any, name: str, function: Any) -> None:
    """Put a function in the place of another that is never called."""
    replace(owner, name, lambda original: function)


def nothing(*given: Any) -> None:
    """Do nothing, in the place of what does something."""
