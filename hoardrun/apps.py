from __future__ import annotations

from django.apps import AppConfig


class HoardrunConfig(AppConfig):
    name = "hoardrun"
    verbose_name = "hoardrun"

    def ready(self) -> None:
        from django.conf import settings

        from hoardrun import checks  # noqa: F401  # registers them
        from hoardrun.demo import views
        from realtime.console import extras
        from realtime.core import bodies

        extras.register("phone", views.path)
        bodies.allow("/admin/", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
