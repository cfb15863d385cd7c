"""Turn the variables of a kind into finished strings. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale
from msgspec import inspect

from notifications.kinds.values import Money
from notifications.texts import formats
from notifications.texts.formats import Style


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """The reader of a text: the language and the zone. `home` is the deployment's zone."""

    locale: Locale
    zone: ZoneInfo
    home: ZoneInfo


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of a variable by its type."""

    name: str
    shown_as: str = ""  # name, phone or account
    words: tuple[str, ...] = ()  # of a Literal
    is_money: bool = False


@cache
def variables(struct: type[msgspec.Struct]) -> dict[str, Variable]:
    """Describe the variables of a kind, by name."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return {field.name: _variable(field) for field in info.fields}


def written(values: msgspec.Struct, reader: Reader, style: Style) -> dict[str, str]:
    """Write each variable for a reader; '' for one that has no value."""
    return {
        name: _written(getattr(values, name), variable, reader, style)
        for name, variable in variables(type(values)).items()
    }


def _variable(field: inspect.Field) -> Variable:
    types = list(_types(field.type))
    shown_as = [
        extra["shown_as"]
        for each in types
        if isinstance(each, inspect.Metadata) and (extra := each.extra or {}).get("shown_as")
    ]
    words = [each.values for each in types if isinstance(each, inspect.LiteralType)]
    return Variable(
        name=field.name,
        shown_as=shown_as[0] if shown_as else "",
        words=tuple(str(word) for some in words for word in some if word is not None),
        is_money=any(isinstance(each, inspect.StructType) and each.cls is Money for each in types),
    )


def _types(each: inspect.Type) -> Iterator[inspect.Type]:
    yield each
    if isinstance(each, inspect.Metadata):
        yield from _types(each.type)
    elif isinstance(each, inspect.UnionType):
        for one in each.types:
            yield from _types(one)


def _written(value: Any, variable: Variable, reader: Reader, style: Style) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"  # for sections only
    if isinstance(value, Money):
        return formats.money(value, reader.locale, style)
    if isinstance(value, datetime):
        return formats.moment(value, reader.locale, style, reader.zone, reader.home)
    if isinstance(value, date):
        return formats.day(value, reader.locale, style)
    if isinstance(value, int | Decimal):
        return formats.number(value, reader.locale)
    write = formats.SHOWN_AS.get(variable.shown_as)
    return write(str(value), style) if write else str(value)
