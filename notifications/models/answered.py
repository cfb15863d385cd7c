"""Counters of the answers of providers, over all workers."""

from __future__ import annotations

from django.db import models


class Answered(models.Model):
    """One answer of one provider, and how often it came. It says nothing of any user."""

    provider = models.CharField(max_length=32)
    outcome = models.CharField(max_length=10)
    code = models.CharField(max_length=40)
    count = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = "answer of a provider"
        verbose_name_plural = "answers of providers"
        constraints = [
            models.UniqueConstraint(fields=["provider", "outcome", "code"], name="answered_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.outcome} {self.code}".rstrip()
