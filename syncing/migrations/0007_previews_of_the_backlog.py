from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncing", "0006_account_health"),
    ]

    operations = [
        migrations.AddField(
            model_name="preview",
            name="of_backlog",
            field=models.BooleanField(
                default=False, help_text="Over all that waits; Autotask is asked for what is new before."
            ),
        ),
    ]
