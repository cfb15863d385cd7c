"""The requests that changed preferences, and that asked for or decided on fallbacks and lifts."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

COLUMNS = [
    ("consent", "request_id"),
    ("preferencechange", "request_id"),
    ("fallback", "request_id"),
    ("fallback", "approved_request_id"),
    ("fallback", "cancelled_request_id"),
    ("suppressionlift", "request_id"),
    ("suppressionlift", "decided_request_id"),
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("notifications", "0018_market_type")]

    operations: ClassVar = [
        migrations.AddField(
            model, column, models.CharField(blank=True, db_default="", max_length=64)
        )
        for model, column in COLUMNS
    ]
