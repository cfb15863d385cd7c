"""The record of broadcasts, and of what was decided on those that needed approval."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from realtime import clock
from realtime.append_only import AppendOnly
from realtime.audit import RequestId


class Broadcast(AppendOnly):
    """One broadcast, with its author and target: append-only, written with the event itself.

    One that needs approval is written without any event, and its `result` stays empty:
    what became of it is its `decision`.
    """

    ERASABLE = ("address",)

    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    kind = models.CharField(max_length=32)
    target = models.CharField(max_length=100)
    payload = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001 unique only where given
    audience = models.PositiveIntegerField(help_text="How many users it is for.")
    address = models.CharField(max_length=64, blank=True, help_text="Where it was sent from.")
    request_id = RequestId(db_default="")
    needs_approval = models.BooleanField(default=False)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now, editable=False, db_index=True)

    class Meta(AppendOnly.Meta):
        permissions = [
            ("broadcast", "Can broadcast to users"),
            ("approve_broadcast", "Can approve broadcasts of others"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "idempotency_key"], name="broadcast_idempotency_key_once"
            )
        ]
        # The admin filters and searches by these; few rows a day are written.
        indexes = [
            models.Index(fields=["target", "id"], name="broadcast_target"),
            models.Index(
                fields=["id"], condition=models.Q(needs_approval=True), name="broadcast_waits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.target}"


class BroadcastDecision(AppendOnly):
    """A second person's decision on a broadcast: append-only, written with the event itself."""

    ERASABLE = ("address",)

    broadcast = models.OneToOneField(Broadcast, on_delete=models.PROTECT, related_name="decision")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    approved = models.BooleanField()
    address = models.CharField(max_length=64, blank=True, help_text="Where it was decided from.")
    request_id = RequestId(db_default="")
    result = models.JSONField(default=dict)
    decided_at = models.DateTimeField(default=clock.now, editable=False, db_index=True)

    def __str__(self) -> str:
        return f"{self.broadcast_id} {'approved' if self.approved else 'rejected'}"
