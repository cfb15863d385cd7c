"""The two sides of a carry know each other: link those that were stored before.

Nothing else has ever stored a transaction that begins as completed. Of a pair of which one
side was reversed, both stay as they are: reversing the other side as well repairs the sums.
"""
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Exists, OuterRef


def link_pairs(apps: Any, schema_editor: Any) -> None:
    Transaction = apps.get_model("ledger", "Transaction")
    TransactionMove = apps.get_model("ledger", "TransactionMove")
    begun_so = TransactionMove.objects.filter(
        txn=OuterRef("pk"), from_status="", to_status="completed"
    )
    sides = Transaction.objects.filter(Exists(begun_so), status="completed").order_by("id")
    waiting: dict[tuple[Any, ...], int] = {}
    for side in list(sides.values("pk", "type", "description", "amount", "account__user_id")):
        pair = (side["description"], side["amount"], side["account__user_id"])
        if side["type"] == "transfer_out":
            waiting[pair] = side["pk"]
        elif (gives := waiting.pop(pair, None)) is not None:
            Transaction.objects.filter(pk=gives).update(counterpart_id=side["pk"])
            Transaction.objects.filter(pk=side["pk"]).update(counterpart_id=gives)


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_indexes_of_lists'),
    ]

    operations = [
        migrations.AddField(
            model_name='transaction',
            name='counterpart',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.transaction'),
        ),
        migrations.RunPython(link_pairs, migrations.RunPython.noop),
    ]
