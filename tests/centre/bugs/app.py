"""Applies one bug when Django has started."""

from __future__ import annotations

import importlib
import os

from django.apps import AppConfig


class Bugs(AppConfig):
    name = "tests.centre.bugs"
    label = "seeded_bugs_of_the_centre"

    def ready(self) -> None:
        if bug := os.environ.get("HOARDRUN_BUG"):
            from tests.faults.bugs import patching

            for section in ("deciding", "sending"):
                importlib.import_module(f"tests.centre.bugs.{section}")
            patching.apply(bug)
