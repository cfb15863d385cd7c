"""Run code without its meters: the same functions, from whose source every count is cut out.

`Uncounted` finds the functions of loaded modules that count, compiles each a second time without,
and exchanges their code while the process works. So one process can do the same work with its
meters and without, in turns, and nothing else differs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from inspect import getsource, unwrap
from types import CodeType, FunctionType, ModuleType
from typing import Any

METERS = "meters"
# Functions that do nothing else than count.
EMPTIED = ("measure", "measure_ack")


class Uncounted:
    """The functions of modules that count, each with its code as it is and without its counts."""

    def __init__(self, modules: Sequence[ModuleType]) -> None:
        cut = {
            (module.__file__, code.co_qualname, code.co_firstlineno): code
            for module in modules
            for code in _codes(compile(_without(module), str(module.__file__), "exec"))
        }
        self.functions: list[tuple[FunctionType, CodeType, CodeType]] = []
        for each in [each for module in modules for each in _functions(module)]:
            own = each.__code__
            other = cut.get((own.co_filename, own.co_qualname, own.co_firstlineno))
            if other is not None and own.co_code != other.co_code:
                self.functions.append((each, own, other))

    def count(self, is_counted: bool) -> None:
        """Let the functions count, or not."""
        for function, own, other in self.functions:
            function.__code__ = own if is_counted else other


def _functions(holder: Any) -> Iterator[FunctionType]:
    """Yield the functions of a module or a class, and those that are decorated there."""
    for value in list(vars(holder).values()):
        if isinstance(value, FunctionType):
            yield from {value, unwrap(value)}
        elif isinstance(value, type) and value.__module__ == holder.__name__:
            yield from _functions(value)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _without(module: ModuleType) -> ast.Module:
    found: ast.Module = _Cut().visit(ast.parse(getsource(module)))
    return ast.fix_missing_locations(found)


class _Cut(ast.NodeTransformer):
    """Takes out the statements that count, and what is left without a body."""

    def __init__(self) -> None:
        self._names = {METERS}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        outer, self._names = self._names, set(self._names)
        if node.name in EMPTIED:
            node.body = [ast.Pass()]
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        self._names = outer
        return node

    def visit_Expr(self, node: ast.Expr) -> Any:
        return None if self._counts(node.value) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        return None if self._counts(node.target) else node

    def visit_Assign(self, node: ast.Assign) -> Any:
        """Cut a short name for a meter, and know it from here on."""
        if not self._counts(node.value):
            return node
        self._names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        return None

    def visit_With(self, node: ast.With) -> Any:
        self.generic_visit(node)
        return node.body if self._counts(node.items[0].context_expr) else node

    def visit_For(self, node: ast.For) -> Any:
        self.generic_visit(node)
        return node if node.body else None

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        if not node.body and not node.orelse:
            return None
        node.body = node.body or [ast.Pass()]
        return node

    def _counts(self, node: ast.expr) -> bool:
        """Say whether an expression begins with a meter."""
        while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
            node = node.func if isinstance(node, ast.Call) else node.value
        return isinstance(node, ast.Name) and node.id in self._names
