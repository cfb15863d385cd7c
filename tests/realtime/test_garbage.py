"""The settings of the collector and of the allocator, in a process of its own."""

from __future__ import annotations

import os
import platform

import pytest

from tests.services.process import run_python


def test_what_is_loaded_is_excluded_and_the_rest_is_looked_at_seldom() -> None:
    told = run_python(
        "-c",
        "import gc; from realtime.garbage import collect_seldom; collect_seldom(); "
        "print(gc.get_freeze_count() > 1000, gc.get_threshold()[0] >= 50_000)",
        env=os.environ,
    )
    assert told.stdout.split() == ["True", "True"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have one place")
def test_threads_take_memory_from_one_place() -> None:
    told = run_python(
        "-c",
        "import ctypes, threading; from realtime.garbage import reuse_among_threads\n"
        "reuse_among_threads()\n"
        "together = threading.Barrier(8)\n"
        "def take(): kept = bytes(10_000); together.wait(10)\n"
        "threads = [threading.Thread(target=take) for _ in range(8)]\n"
        "for one in threads: one.start()\n"
        "for one in threads: one.join()\n"
        "ctypes.CDLL(None).malloc_stats()",
        env=os.environ,
        may_fork=False,  # a fork has the places of its parent
    )
    assert told.stderr.count("Arena ") == 1
