"""The requests of steps of payments and of what staff have done about them."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

COLUMNS = [
    ("paymentstep", "request_id"),
    ("staffdecision", "request_id"),
    ("staffdecision", "decided_request_id"),
    ("receiptclosing", "request_id"),
    ("tierdecision", "request_id"),
    ("statementfile", "request_id"),
    ("match", "closed_request_id"),
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0011_confirmed_names")]

    operations: ClassVar = [
        migrations.AddField(
            model, column, models.CharField(blank=True, db_default="", max_length=64)
        )
        for model, column in COLUMNS
    ]
