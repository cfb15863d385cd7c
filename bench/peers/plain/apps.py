from __future__ import annotations

from django.apps import AppConfig


class PlainConfig(AppConfig):
    name = "bench.peers.plain"
    label = "plain"
    default_auto_field = "django.db.models.BigAutoField"
