from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0004_deliveries'),
    ]

    operations = [
        migrations.AddField(
            model_name='digestitem',
            name='rung',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='Of its ladder.'),
        ),
        migrations.AddField(
            model_name='receipt',
            name='address_hash',
            field=models.CharField(blank=True, db_default='', default='', help_text='Whom it speaks of, if it says so.', max_length=64),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('cost__isnull', False)), fields=['accepted_at'], name='delivery_cost'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('delivery__isnull', True), models.Q(('address_hash', ''), _negated=True)), fields=['address_hash'], name='receipt_of_number'),
        ),
    ]
