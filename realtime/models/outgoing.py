"""What calls to providers share, and what providers have sent."""

from __future__ import annotations

from django.db import models


class Host(models.Model):
    """A provider, or one host of it, as all workers share it: its pace, its breaker, its stop.

    `next_at` is the next free moment of its pace. `opened_until` is until when its breaker lets
    nothing through, `failures` how many failures in a row. Staff stop it at run time.
    """

    name = models.CharField(max_length=200, primary_key=True)
    next_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    opened_until = models.DateTimeField(null=True, blank=True)
    gone = models.PositiveIntegerField(default=0, help_text="Addresses that it called gone.")
    calls = models.PositiveIntegerField(default=0, help_text="Calls since `counted_from`.")
    counted_from = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=100, blank=True, default="")
    stopped_why = models.CharField(max_length=200, blank=True, default="")
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Webhook(models.Model):
    """A request of a provider, as it came. The body is emptied after 30 days, its hash stays."""

    source = models.CharField(max_length=32, help_text="The code of the path that it came by.")
    hash = models.CharField(max_length=64)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    is_proven = models.BooleanField(help_text="Its signature was right.")
    received_at = models.DateTimeField()
    scrubbed_at = models.DateTimeField(null=True, blank=True)
    repeats = models.PositiveIntegerField(default=0, help_text="Times that it came again.")

    class Meta:
        permissions = [("view_webhook_body", "Can view what a provider sent")]
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=models.Q(scrubbed_at__isnull=True),
                name="webhook_to_scrub",
            )
        ]
        constraints = [models.UniqueConstraint(fields=["source", "hash"], name="webhook_once")]

    def __str__(self) -> str:
        return f"{self.source} #{self.pk}"
