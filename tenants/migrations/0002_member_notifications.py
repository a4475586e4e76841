from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="notify_faults",
            field=models.CharField(
                choices=[
                    ("at_once", "Within two minutes, and then at most once an hour"),
                    ("digest", "At most once a day"),
                    ("never", "Never"),
                ],
                default="at_once",
                help_text="When a fault needs someone. Sent to members who may re-sync.",
                max_length=10,
                verbose_name="E-mail about faults",
            ),
        ),
        migrations.AddField(
            model_name="member",
            name="notify_resolved",
            field=models.BooleanField(
                default=True,
                help_text="For faults that you were told of.",
                verbose_name="E-mail when a fault is resolved",
            ),
        ),
    ]
