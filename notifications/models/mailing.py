"""Mailings: one notification to many users, and how far each is."""

from __future__ import annotations

from django.db import models

from notifications.choices import NotificationType, Priority
from notifications.validation import KEY_LENGTH, KIND_LENGTH, MESSAGE_LENGTH, TITLE_LENGTH


class Mailing(models.Model):
    """One notification to many users, and its progress through them in the order of their ids."""

    key = models.CharField(max_length=KEY_LENGTH, unique=True)
    fingerprint = models.CharField(max_length=64)
    title = models.CharField(max_length=TITLE_LENGTH)
    message = models.TextField(max_length=MESSAGE_LENGTH)
    type = models.CharField(max_length=20, choices=NotificationType)
    priority = models.CharField(max_length=10, choices=Priority)
    metadata = models.JSONField(default=dict)
    kind = models.CharField(max_length=KIND_LENGTH, blank=True, default="", db_default="")
    context = models.JSONField(null=True, blank=True, editable=False)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    last_user_id = models.BigIntegerField()
    done_user_id = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.key}: {self.done} of {self.total}"
