"""Applies one bug when Django has started."""

from __future__ import annotations

import importlib
import os

from django.apps import AppConfig


class Bugs(AppConfig):
    name = "tests.faults.bugs"
    label = "seeded_bugs"

    def ready(self) -> None:
        if bug := os.environ.get("HOARDRUN_BUG"):
            from tests.faults.bugs import patching

            name, *modules = bug.split()
            for module in modules:
                importlib.import_module(module)
            patching.apply(name)
