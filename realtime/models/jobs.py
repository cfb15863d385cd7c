"""When jobs of the deployment ran."""

from __future__ import annotations

from django.db import models


class JobRun(models.Model):
    """The times at which a job of the deployment last began and last succeeded."""

    name = models.CharField(max_length=50, primary_key=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
