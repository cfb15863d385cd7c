"""Applies one bug when Django has started."""

from __future__ import annotations

import importlib
import os

from django.apps import AppConfig


class Bugs(AppConfig):
    name = "tests.payments.bugs"
    label = "seeded_bugs_of_payments"

    def ready(self) -> None:
        if bug := os.environ.get("HOARDRUN_BUG"):
            from tests.faults.bugs import patching

            importlib.import_module("tests.payments.bugs.moving")
            patching.apply(bug)
