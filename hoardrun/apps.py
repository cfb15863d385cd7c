from __future__ import annotations

from django.apps import AppConfig

FORM_BYTES = 1024 * 1024  # of the admin


class HoardrunConfig(AppConfig):
    name = "hoardrun"
    verbose_name = "hoardrun"

    def ready(self) -> None:
        from hoardrun import checks  # noqa: F401  # registers them
        from hoardrun.demo import views
        from realtime.console import extras
        from realtime.core import bodies

        extras.register("phone", views.path)
        bodies.allow("/admin/", FORM_BYTES)
