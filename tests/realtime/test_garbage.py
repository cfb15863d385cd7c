"""The collector's settings, in a process of its own."""

from __future__ import annotations

import os

from tests.services.process import run_python


def test_what_is_loaded_is_excluded_and_the_rest_is_looked_at_seldom() -> None:
    told = run_python(
        "-c",
        "import gc; from realtime.garbage import collect_seldom; collect_seldom(); "
        "print(gc.get_freeze_count() > 1000, gc.get_threshold()[0] >= 50_000)",
        env=os.environ,
    )
    assert told.stdout.split() == ["True", "True"]
