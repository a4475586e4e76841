from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("faults", "0002_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="fault",
            name="looks",
            field=models.PositiveIntegerField(
                default=0, help_text="How often it was looked whether its cause has cleared."
            ),
        ),
        migrations.AddField(
            model_name="fault",
            name="next_look_at",
            field=models.DateTimeField(help_text="When that is looked at again, while it is open.", null=True),
        ),
    ]
