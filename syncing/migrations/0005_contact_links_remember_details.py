from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncing", "0004_settings_history_and_items"),
    ]

    operations = [
        migrations.AddField(
            model_name="contactlink",
            name="details_digest",
            field=models.CharField(
                blank=True,
                default="",
                help_text="A fingerprint of the details that Xero was last sent of this company.",
                max_length=64,
            ),
            preserve_default=False,
        ),
    ]
