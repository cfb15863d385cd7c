"""Put a bug in, and take it out again.

The bugs are in `SECTIONS`, modules beside this one; each is a function that replaces one thing
of the product. Importing them takes Django's applications.
"""

from __future__ import annotations

import functools
import importlib
import itertools
from collections.abc import Callable
from typing import Any

SECTIONS = ("log", "layer", "streams", "sockets", "logins", "acks")
_patches: dict[str, Callable[[], None]] = {}
_originals: list[tuple[Any, str, Any]] = []


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
    while _originals:
        owner, name, original = _originals.pop()
        setattr(owner, name, original)


def bug(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(function: Callable[[], None]) -> Callable[[], None]:
        _patches[name] = function
        return function

    return register


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(original)` in the place of what must be there."""
    original = getattr(owner, name)
    _originals.append((owner, name, original))
    setattr(owner, name, functools.wraps(original)(make(original)))


def changes(
    name: str, attribute: str, *owners: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a bug that stands in for one function, and is called with the original first."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        def make(original: Any) -> Any:
            function.__qualname__ = original.__qualname__  # by which tasks are known

            def changed(*args: Any, **kwargs: Any) -> Any:
                return function(original, *args, **kwargs)

            return changed

        @bug(name)
        @functools.wraps(function)
        def put_in() -> None:
            for owner in owners:
                replace(owner, attribute, make)

        return function

    return register


def counted(
    name: str, attribute: str, owner: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Do as `changes`, and say which call it is, from 1 on each time that the bug is put in."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        def make(original: Any) -> Any:
            count = itertools.count(1)
            return lambda *args, **kwargs: function(original, next(count), *args, **kwargs)

        @bug(name)
        @functools.wraps(function)
        def put_in() -> None:
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
