from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("syncing", "0017_quick_sums"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="document",
            index=models.Index(fields=["account", "company_searched", "state"], name="document_company"),
        ),
        RemoveIndexConcurrently(model_name="document", name="syncing_doc_account_473b23_idx"),
        AddIndexConcurrently(
            model_name="attempt",
            index=models.Index(fields=["account", "-id"], condition=~models.Q(detail=""), name="attempt_said"),
        ),
    ]
