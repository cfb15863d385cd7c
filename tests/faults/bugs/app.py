"""Applies one bug when Django has started."""

from __future__ import annotations

import os

from django.apps import AppConfig


class Bugs(AppConfig):
    name = "tests.faults.bugs"
    label = "seeded_bugs"

    def ready(self) -> None:
        if bug := os.environ.get("HOARDRUN_BUG"):
            from tests.faults.bugs import patching

            patching.apply(bug)
