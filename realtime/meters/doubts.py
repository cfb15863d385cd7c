"""What apps find wrong with the deployment, for `manage.py stats --check`.

Apps register theirs in `ready()`. It reads the database, and it must be cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

_finders: list[Callable[[], Iterable[str]]] = []


def register(finder: Callable[[], Iterable[str]]) -> None:
    """Register a function that says in a sentence each what is wrong. Once."""
    if finder not in _finders:
        _finders.append(finder)


def doubts() -> Iterator[str]:
    """Say what all apps find wrong. Raises DatabaseError if the database cannot be read."""
    for finder in _finders:
        yield from finder()
