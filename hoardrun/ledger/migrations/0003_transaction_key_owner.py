"""Idempotency keys become the user's: of keys that a user gave on two accounts, the first is.

The others go on repeating the requests of their own account.
"""
from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import Exists, OuterRef, Subquery
import django.db.models.deletion


def give_keys_to_users(apps: Any, schema_editor: Any) -> None:
    Account = apps.get_model("ledger", "Account")
    Transaction = apps.get_model("ledger", "Transaction")
    owner = Account.objects.filter(pk=OuterRef("account_id")).values("user_id")[:1]
    earlier = Transaction.objects.filter(
        account__user_id=OuterRef("account__user_id"),
        idempotency_key=OuterRef("idempotency_key"),
        pk__lt=OuterRef("pk"),
    )
    Transaction.objects.filter(
        ~Exists(earlier), idempotency_key__isnull=False
    ).update(key_owner_id=Subquery(owner))


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('ledger', '0002_transaction_moves'),
    ]

    operations = [
        migrations.AddField(
            model_name='transaction',
            name='key_owner',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunPython(give_keys_to_users, migrations.RunPython.noop),
    ]
