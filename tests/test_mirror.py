"""Each module of the product has a test file that mirrors it, or one that `mirror.txt` names.

`a/b/c.py` is mirrored by `tests/a/b/test_c.py`, commands without their folder `commands`. Modules
without functions only declare, and are tested by what uses them.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tests.services.environment import ROOT

PACKAGES = ("hoardrun", "notifications", "realtime")
# Test files, and what else they test: what is reached through the modules that they mirror, or
# what several modules do together.
ALSO = Path(__file__).with_name("mirror.txt")


def _others() -> dict[str, Path]:
    """Return the test file of each module that `ALSO` names."""
    found: dict[str, Path] = {}
    file = Path()
    for line in ALSO.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            found |= dict.fromkeys(line.split(), file)
        else:
            file = Path("tests", line)
    return found


OTHERS = _others()


def _declares_only(module: Path) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return not any(isinstance(node, functions) for node in ast.walk(ast.parse(module.read_text())))


def _modules() -> list[str]:
    found = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return [
        str(path.relative_to(ROOT).with_suffix(""))
        for path in found
        if "migrations" not in path.parts and not _declares_only(path)
    ]


def _mirror(module: str) -> Path:
    folder, _, name = module.replace("management/commands", "management").rpartition("/")
    return Path("tests", folder, f"test_{name}.py")


def test_each_module_has_a_test_file_or_a_line_that_names_one() -> None:
    modules = _modules()
    assert len(modules) > 150
    untested = [m for m in modules if m not in OTHERS and not (ROOT / _mirror(m)).exists()]
    assert untested == [], "add a test file that mirrors it, or a line in tests/mirror.txt"


def test_each_line_is_needed_and_names_what_there_is() -> None:
    modules = set(_modules())
    assert [module for module in OTHERS if module not in modules] == []
    assert [module for module in OTHERS if (ROOT / _mirror(module)).exists()] == []
    assert [file for file in OTHERS.values() if not (ROOT / file).exists()] == []
