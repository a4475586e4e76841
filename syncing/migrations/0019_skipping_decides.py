from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("syncing", "0018_quick_searches"),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="void_declined",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Autotask voided it, and a person keeps it in Xero as it is.",
            ),
        ),
        migrations.AddField(
            model_name="document",
            name="skipped_by",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The setting that asks for it; empty where none does.",
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("created", "Created in Xero"),
                    ("updated", "Updated in Xero"),
                    ("unchanged", "Nothing to change"),
                    ("adopted", "Found in Xero"),
                    ("faulted", "Needs attention"),
                    ("retrying", "Will try again"),
                    ("uncertain", "No answer"),
                    ("skipped", "Skipped"),
                    ("left", "Left as it is in Xero"),
                    ("voided", "Voided in Xero"),
                ],
                max_length=10,
            ),
        ),
    ]
