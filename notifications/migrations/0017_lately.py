from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0016_counted'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['user', 'created_at'], name='delivery_lately'),
        ),
    ]
