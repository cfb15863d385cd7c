from __future__ import annotations

from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "bench.peers.stock"
    label = "stock"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the signal."""
        from bench.peers.stock import signals  # noqa: F401
