"""The Django app of payments by mobile money: its tables."""

from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "hoardrun.payments"
    verbose_name = "Mobile money"
