"""The requests that asked for corrections and decided on them."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

COLUMNS = [
    ("correction", "request_id"),
    ("correction", "decided_request_id"),
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0025_float_check")]

    operations: ClassVar = [
        migrations.AddField(
            model, column, models.CharField(blank=True, db_default="", max_length=64)
        )
        for model, column in COLUMNS
    ]
