from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_member_notifications"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="watch_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When the watchdog looks whether a run has finished by then.",
                null=True,
            ),
        ),
    ]
