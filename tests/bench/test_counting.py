"""Code without its counts does the same work, and can be given its counts back."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from bench.counting import METERS, Uncounted
from bench.peers import hoardrun_memory

SOURCE = """
import threading

class Meters:
    lock, done, kinds = threading.Lock(), 0, {"a": 0, "b": 0}

meters = Meters()

def work(kinds):
    made = []
    short = meters.kinds
    for kind in kinds:
        made.append(kind.upper())
        with meters.lock:
            meters.done += 1
    for kind in kinds:
        short[kind] += 1
    if kinds:
        meters.kinds.update(b=7)
    else:
        made.append("none")
    return made
"""


@pytest.fixture
def counting(tmp_path: Path) -> ModuleType:
    path = tmp_path / "counting_code.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("counting_code", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_function_works_without_its_counts_and_with_them_again(counting: ModuleType) -> None:
    uncounted = Uncounted([counting])
    assert [function.__name__ for function, _, _ in uncounted.functions] == ["work"]
    assert counting.work("aa") == ["A", "A"]
    counted = (counting.meters.done, dict(counting.meters.kinds))
    assert counted == (2, {"a": 2, "b": 7})
    uncounted.count(False)
    assert (counting.work("ab"), counting.work("")) == (["A", "B"], ["none"])
    assert (counting.meters.done, counting.meters.kinds) == counted
    uncounted.count(True)
    counting.work("a")
    assert counting.meters.done == 3


def test_all_that_a_delivery_counts_is_cut() -> None:
    found = {
        function.__qualname__: other.co_names
        for function, _, other in Uncounted(hoardrun_memory.counting_modules()).functions
    }
    for name in ("WriteCycle.write_all", "FollowedStream.measure", "_committed"):
        assert name in found
    assert [name for name, names in found.items() if METERS in names] == []
