"""The broadcasts of staff; their records are the engine's models, their admin is here."""

from __future__ import annotations

from django.apps import AppConfig


class BroadcastConfig(AppConfig):
    name = "hoardrun.api.broadcast"
    label = "broadcast"
