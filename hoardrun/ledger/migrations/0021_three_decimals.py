"""Let columns of money hold three decimals, without rewriting their tables.

PostgreSQL takes `numeric` without a scale in place of `numeric(15, 2)` by reading each table once;
another scale would write it anew. SQLite's columns have none, and stay as they are: Django would
copy the tables, and lose their triggers.
"""

from decimal import Decimal
from typing import Any

from django.db import migrations

import hoardrun.ledger.fields

COLUMNS: dict[str, dict[str, dict[str, Any]]] = {
    "account": {
        "available_balance": {"default": Decimal(0)},
        "current_balance": {"default": Decimal(0)},
    },
    "transaction": {
        "amount": {},
        "balance_after": {"blank": True, "null": True},
    },
}


def widen(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor != "postgresql":
        return
    quote = schema_editor.quote_name
    for model, columns in COLUMNS.items():
        table = apps.get_model("ledger", model)._meta.db_table
        changes = ", ".join(f"ALTER COLUMN {quote(name)} TYPE numeric" for name in columns)
        schema_editor.execute(f"ALTER TABLE {quote(table)} {changes}")


class Migration(migrations.Migration):

    dependencies = [("ledger", "0020_transaction_carried")]
    old_code_works = "It stores two decimals, and reads those of the currencies that it knows."

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(widen, migrations.RunPython.noop)],
            state_operations=[
                migrations.AlterField(
                    model_name=model,
                    name=name,
                    field=hoardrun.ledger.fields.MoneyField(
                        max_digits=16, decimal_places=3, **options
                    ),
                )
                for model, columns in COLUMNS.items()
                for name, options in columns.items()
            ],
        )
    ]
