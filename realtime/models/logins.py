"""Tickets, refresh tokens, and logins that were logged out."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from realtime import clock


class Ticket(models.Model):
    """Lets one socket in, once: what was asked for by POST /api/ws-ticket/ with a token.

    Only the hash of the ticket is kept. `login_expires_at` is when the token ends that it
    was asked for with, `stamp` that token's mark of the password.
    """

    hash = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    session = models.CharField(max_length=64)
    stamp = models.CharField(max_length=64)
    login_expires_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"of {self.user_id} until {self.expires_at:%H:%M:%S}"


class IssuedToken(models.Model):
    """A refresh token that was issued: all that it takes to sign it again, never its text.

    `jti` is its number, `session` the login that it belongs to. Once it was exchanged it has
    `used_at`, and `successor`: the token that it was exchanged for.
    """

    jti = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    session = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    client = models.CharField(
        max_length=200, blank=True, default="", db_default="",
        help_text="What its program calls itself.",
    )  # fmt: skip
    used_at = models.DateTimeField(null=True, blank=True)
    successor = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="predecessor"
    )

    def __str__(self) -> str:
        return self.jti


class EndedSession(models.Model):
    """A login that was logged out; kept until its last token would have ended anyway."""

    id = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    ended_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.id
