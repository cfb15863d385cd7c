"""Callbacks about no payment are closed by staff; lines of statements match by account, too."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("payments", "0009_payment_own_key"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ReceiptClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("why", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
                (
                    "receipt",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closing",
                        to="payments.paymentreceipt",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"abstract": False, "base_manager_name": "objects"},
        ),
        migrations.AddIndex(
            model_name="receiptoutcome",
            index=models.Index(
                condition=models.Q(outcome="unmatched", processed_at__isnull=False),
                fields=["processed_at"],
                name="receipt_outcome_unmatched",
            ),
        ),
        migrations.AlterField(
            model_name="match",
            name="by",
            field=models.CharField(
                blank=True,
                choices=[
                    ("receipt", "Receipt"),
                    ("reference", "Reference"),
                    ("likeness", "amount, phone and time"),
                    ("account", "amount, account and time"),
                ],
                max_length=16,
            ),
        ),
    ]
