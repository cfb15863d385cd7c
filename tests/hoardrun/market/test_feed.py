"""Each report of what went wrong elsewhere with feeds of prices has a test, marked with its number.

The numbers are those of the specification's list; the ones that are missing are so on purpose.
"""

from __future__ import annotations

import re

from tests.services.environment import ROOT

HELD = (1, 2, 3, 4, 6, 8, 9, 10, 12, 13, 14, 15)
MARK = re.compile(r"^@pytest\.mark\.feed\(number=(\d+)\)$", re.MULTILINE)


def test_each_report_has_a_test():
    tests = (ROOT / "tests").rglob("test_*.py")
    found = {int(number) for test in tests for number in MARK.findall(test.read_text("utf-8"))}
    assert found == set(HELD)
