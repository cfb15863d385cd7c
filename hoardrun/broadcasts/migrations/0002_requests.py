"""The request of each broadcast and of each decision on one."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

COLUMNS = [
    ("broadcast", "request_id"),
    ("broadcastdecision", "request_id"),
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("broadcasts", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField(
            model, column, models.CharField(blank=True, db_default="", max_length=64)
        )
        for model, column in COLUMNS
    ]
