"""The meaning of fields of messages and options, read from the text below each in its source.

Python keeps no docstring of a field. The texts are read where documents are written, and
nowhere else.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from functools import cache
from itertools import pairwise
from typing import Any

from realtime.protocol import commands
from realtime.protocol.messages import PAYLOADS


def declared() -> dict[str, Any]:
    """Return what the modules that declare commands and messages hold, by name."""
    modules = [vars(sys.modules[kind.__module__]) for kind in PAYLOADS.values()]
    return {name: value for names in (*modules, vars(commands)) for name, value in names.items()}


@cache
def fields(kind: type) -> dict[str, str]:
    """Return the text of each field that has one, those of its bases included."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if "__annotations__" in vars(each):
            [body] = ast.parse(textwrap.dedent(inspect.getsource(each))).body
            assert isinstance(body, ast.ClassDef)
            for field, below in pairwise(body.body):
                match field, below:
                    case (
                        ast.AnnAssign(target=ast.Name(id=name)),
                        ast.Expr(value=ast.Constant(value=str(text))),
                    ):
                        found[name] = " ".join(text.split())
    return found


def describe(schemas: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Write the texts into the JSON Schemas of messages, given by their names.

    Raises LookupError for a field that has none.
    """
    kinds = declared()
    for name, schema in schemas.items():
        texts = fields(kinds[name])
        for field, described in schema["properties"].items():
            if field == kinds[name].__struct_config__.tag_field:
                described["description"] = "Which command this is."
            elif field in texts:
                described["description"] = texts[field]
            else:
                raise LookupError(f"{name}.{field} needs a text below it that says what it is")
    return schemas
