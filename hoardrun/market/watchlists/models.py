"""The watchlists of users."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

NAME_LENGTH = 60


class Watchlist(models.Model):
    """A list of instruments under a name of its user's."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=NAME_LENGTH)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"watchlist #{self.pk}"


class WatchlistItem(models.Model):
    """An instrument on a list; `place` counts from 0."""

    watchlist = models.ForeignKey(
        Watchlist,
        on_delete=models.CASCADE,
        related_name="items",
        db_index=False,  # the unique constraint has one
    )
    instrument = models.ForeignKey("market.Instrument", on_delete=models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["watchlist", "instrument"], name="watchlist_item_once")
        ]

    def __str__(self) -> str:
        return f"item of watchlist {self.watchlist_id}"
