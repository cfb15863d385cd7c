"""Describe the structs of a trace to the OpenAPI document. They write themselves."""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from rest_framework import serializers

from notifications.trace.report import Trace
from realtime.rest.serializers import StrictSerializer

_PLAIN: dict[Any, type[serializers.Field[Any, Any, Any, Any]]] = {
    str: serializers.CharField,
    int: serializers.IntegerField,
    bool: serializers.BooleanField,
}


class TraceQuery(StrictSerializer):
    content = serializers.BooleanField(
        default=False,
        help_text="With title and message: needs `notifications.read_traced_text` as well.",
    )


@cache
def serializer_of(
    struct: type[msgspec.Struct], prefix: str = "Trace"
) -> type[serializers.Serializer[Any]]:
    """Return a serializer whose schema is that of a struct. Its name begins with `prefix`."""
    hints = get_type_hints(struct)

    def get_fields(_: Any) -> dict[str, Any]:
        # New ones each time: a field belongs to one serializer.
        return {name: _field(hints[name], prefix) for name in struct.__struct_fields__}

    own = {"get_fields": get_fields, "__doc__": struct.__doc__}
    return type(f"{prefix}{struct.__name__.removeprefix(prefix)}Output", (_Struct,), own)


class _Struct(serializers.Serializer[Any]):
    """A struct of a trace."""


def _field(kind: Any, prefix: str, **more: Any) -> serializers.Field[Any, Any, Any, Any]:
    """Return the field of an annotation."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        given = [each for each in inside if each is not type(None)]
        return _field(str if len(given) > 1 else given[0], prefix, allow_null=True)
    if origin is Literal:
        return serializers.ChoiceField(inside, **more)
    if origin is tuple:
        return serializers.ListField(child=_field(inside[0], prefix), **more)
    if origin is dict:
        return serializers.DictField(child=_field(inside[1], prefix), **more)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return serializer_of(kind, prefix)(**more)
    return _PLAIN[kind](**more)


TraceOutput = serializer_of(Trace)
