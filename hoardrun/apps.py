from __future__ import annotations

from django.apps import AppConfig

FORM_BYTES = 1024 * 1024  # of the admin


class HoardrunConfig(AppConfig):
    name = "hoardrun"
    verbose_name = "hoardrun"

    def ready(self) -> None:
        from hoardrun import checks, health  # noqa: F401  # the first registers itself
        from hoardrun.api.echo import Echo
        from hoardrun.demo import views
        from realtime.console import extras
        from realtime.core import bodies
        from realtime.meters.readiness import readiness
        from realtime.protocol.messages import register

        extras.register("phone", views.path)
        bodies.allow("/admin/", FORM_BYTES)
        readiness.outcomes, readiness.probe = health.outcomes, health.probe
        register(Echo)
