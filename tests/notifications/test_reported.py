"""Each thing that users of other systems report has a test, marked with its number.

The numbers are those of the project's list of such reports; the ones that are missing are so on
purpose.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.services.environment import ROOT

REPORTED = (
    1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 24, 25, 26, 27,
)  # fmt: skip


def marked(source: str) -> Iterator[int]:
    """Yield the number of each mark in a file."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="mark"), attr="reported"),
                args=[],
                keywords=[ast.keyword(arg="number", value=ast.Constant(value=int(number)))],
            ):
                yield number


def test_each_report_has_a_test() -> None:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    found = {number for source in sources if "mark.reported" in source for number in marked(source)}
    assert found == set(REPORTED)
