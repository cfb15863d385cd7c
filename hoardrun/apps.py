from __future__ import annotations

from django.apps import AppConfig


class HoardrunConfig(AppConfig):
    name = "hoardrun"
    verbose_name = "hoardrun"

    def ready(self) -> None:
        from hoardrun import checks  # noqa: F401  # registers them
