"""Each lock and each transaction of the product keeps the rules of `docs/guarantees.md`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("hoardrun", "notifications", "realtime")


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", node


def test_each_lock_of_rows_allows_references_to_them() -> None:
    """A publisher holds a stream and writes rows that refer to a user."""
    found = {
        place: {keyword.arg for keyword in node.keywords}
        for place, node in nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "select_for_update"
    }
    assert found
    assert not [place for place, names in found.items() if "no_key" not in names]


def test_each_transaction_is_repeated_after_a_conflict() -> None:
    """`one_transaction` repeats; a bare `transaction.atomic` would not."""
    used = {
        f"{place} {node.name}": [ast.unparse(each) for each in node.decorator_list]
        for place, node in nodes()
        if isinstance(node, ast.FunctionDef)
    }
    assert any("one_transaction" in names for names in used.values())
    assert not [place for place, names in used.items() if "transaction.atomic" in names]
