from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("realtime", "0009_surplus_connections")]

    operations = [
        migrations.RenameField(model_name="event", old_name="topic", new_name="filter_type")
    ]
