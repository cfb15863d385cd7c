"""The small language of texts. Pure: values come in as finished strings.

`{name}` is a value. `{#name}…{/name}` is there if the value is not empty, `{^name}…{/name}` if it
is, and `{#name=word}…{/name}` if it is that word. A value is never read as a template itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

_PART = re.compile(r"\{([#^])(\w+)(?:=(\w+))?\}(.*?)\{/\2\}|\{(\w+)\}", re.DOTALL)
_LEFT_OVER = re.compile(r"[{}]")


class Value(msgspec.Struct, frozen=True):
    """A place for a value."""

    name: str


class Section(msgspec.Struct, frozen=True):
    """A part that depends on a value: `when` it is there (#) or missing (^), or is `word`."""

    name: str
    when: str
    word: str
    parts: tuple[Part, ...]


Part = str | Value | Section
Template = tuple[Part, ...]


def parse(text: str) -> Template:
    """Read a text. Raises ValueError for braces that are no place and no section."""
    return tuple(_parts(text))


def names(template: Template) -> Iterator[str]:
    """Yield the names of all values that a text uses."""
    for part in template:
        if isinstance(part, str):
            continue
        yield part.name
        if isinstance(part, Section):
            yield from names(part.parts)


def words(template: Template) -> Iterator[tuple[str, str]]:
    """Yield the names of values that a text compares, with the words."""
    for part in template:
        if isinstance(part, Section):
            if part.word:
                yield part.name, part.word
            yield from words(part.parts)


def fill(template: Template, values: Mapping[str, str]) -> str:
    """Put values into a text. Raises KeyError for one that is missing."""
    return "".join(_filled(part, values) for part in template)


def _parts(text: str) -> Iterator[Part]:
    done = 0
    for found in _PART.finditer(text):
        yield from _plain(text[done : found.start()])
        done = found.end()
        when, name, word, inner, value = found.groups()
        yield Value(value) if value else Section(name, when, word or "", parse(inner))
    yield from _plain(text[done:])


def _plain(text: str) -> Iterator[str]:
    if wrong := _LEFT_OVER.search(text):
        raise ValueError(f"a brace stands alone in {text[wrong.start() :][:40]!r}")
    if text:
        yield text


def _filled(part: Part, values: Mapping[str, str]) -> str:
    if isinstance(part, str):
        return part
    value = values[part.name]
    if isinstance(part, Value):
        return value
    is_there = value == part.word if part.word else bool(value)
    return fill(part.parts, values) if is_there == (part.when == "#") else ""
