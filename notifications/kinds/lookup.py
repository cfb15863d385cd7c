"""Find the kind of a notification, and the notifications of a kind or a category."""

from __future__ import annotations

from notifications.kinds import Kind, all_kinds, find


def general(type: str) -> str:
    """Return the name of the kind of notifications of a type that name none of their own."""
    return f"{type}.general"


def kind_of(name: str, type: str) -> Kind | None:
    """Return the kind of a notification by its columns.

    One that names no kind, or one that is no longer declared, is of its type's general kind.
    """
    return find(name) or find(general(type))


def category_of(name: str, type: str) -> str:
    """Return the category of a notification by its columns; without a kind, it is its type."""
    kind = kind_of(name, type)
    return type if kind is None else kind.category


def named(*, kind: str | None = None, category: str | None = None) -> list[Kind]:
    """Return the declared kinds of this name and of this category."""
    return [
        each
        for each in all_kinds()
        if kind in {None, each.name} and category in {None, each.category}
    ]
