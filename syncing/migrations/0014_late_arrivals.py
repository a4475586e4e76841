from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("syncing", "0013_quick_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="document",
            name="twins",
            field=models.JSONField(null=True, help_text="The ids of further invoices in Xero that carry our mark."),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(fields=["account"], condition=models.Q(state="absent"), name="delivery_absent"),
        ),
    ]
