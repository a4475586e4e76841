from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncing", "0014_late_arrivals"),
    ]

    operations = [
        migrations.AddField(
            model_name="syncstate",
            name="walk_place",
            field=models.BigIntegerField(null=True, help_text="The id that a walk which is not over has come to."),
        ),
    ]
