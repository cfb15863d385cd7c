"""Keys of ours for payments, and what has left by a provider since it told its balance."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    old_code_works = "It constrains only a column that old code leaves empty."

    dependencies: ClassVar = [("payments", "0008_approvals")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="providerpayment",
            name="own_key",
            field=models.CharField(max_length=300, null=True),
        ),
        migrations.AddConstraint(
            model_name="providerpayment",
            constraint=models.UniqueConstraint(fields=["own_key"], name="payment_own_key_once"),
        ),
        migrations.AddIndex(
            model_name="providerpayment",
            index=models.Index(
                fields=["provider", "kind", "sent_at"], name="payment_kind_sent"
            ),
        ),
    ]
