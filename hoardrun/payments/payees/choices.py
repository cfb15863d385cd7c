"""The verdicts of a provider on the name of a payee."""

from __future__ import annotations

from django.db import models

MAX_NAME = 100


class NameVerdict(models.TextChoices):
    """How alike two names are, as `names` compares them."""

    SAME = "same", "The same"
    SIMILAR = "similar", "Similar"
    OTHER = "other", "Another name"
    UNKNOWN = "unknown", "The provider does not say"
