from __future__ import annotations

from django.apps import AppConfig


class BroadcastsConfig(AppConfig):
    name = "hoardrun.broadcasts"
    verbose_name = "Broadcasts"

    def ready(self) -> None:
        from hoardrun.broadcasts import console, contributing, measuring
        from realtime.console import forms
        from realtime.meters import fleet

        fleet.register(measuring.WAITING)
        contributing.register()
        forms.register(*console.forms())
