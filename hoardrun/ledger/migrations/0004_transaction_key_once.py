"""In a migration of its own: PostgreSQL alters no table whose rows have just been changed."""
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_transaction_key_owner'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='transaction',
            constraint=models.UniqueConstraint(fields=('key_owner', 'idempotency_key'), name='txn_key_of_user_once'),
        ),
    ]
