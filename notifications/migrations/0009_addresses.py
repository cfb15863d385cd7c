import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0008_kinds_of_mailings_and_snoozes'),
    ]

    operations = [
        migrations.AddField(
            model_name='address',
            name='code_sent_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='address',
            name='codes_from',
            field=models.DateTimeField(blank=True, help_text='Since when `codes_sent` counts.', null=True),
        ),
        migrations.AddField(
            model_name='address',
            name='codes_sent',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='address',
            name='replaces',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='The one that is removed once this one is verified.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='notifications.address'),
        ),
        migrations.AddIndex(
            model_name='address',
            index=models.Index(fields=['channel', 'hash'], name='address_by_hash'),
        ),
        migrations.AddIndex(
            model_name='address',
            index=models.Index(condition=models.Q(('state', 'removed'), models.Q(('value', ''), _negated=True)), fields=['removed_at'], name='address_leaving'),
        ),
    ]
