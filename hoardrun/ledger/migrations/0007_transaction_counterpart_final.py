"""In a migration of its own: PostgreSQL alters no table whose rows have just been changed."""
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0006_transaction_counterpart'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='transaction',
            constraint=models.UniqueConstraint(condition=models.Q(('counterpart__isnull', False)), fields=('counterpart',), name='txn_counterpart_once'),
        ),
        migrations.AddConstraint(
            model_name='transaction',
            constraint=models.CheckConstraint(condition=models.Q(('counterpart__isnull', True), ('status', 'completed'), _connector='OR'), name='txn_carried_is_final'),
        ),
    ]
