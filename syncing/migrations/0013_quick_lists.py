from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection, migrations, models

from tenants.isolation import for_each_account

INDEXES = (
    ("document", models.Index(fields=["account", "-autotask_id", "state", "kind"], name="document_list")),
    ("document", models.Index(fields=["account", "-date", "-id", "state", "kind"], name="document_list_by_date")),
    ("document", models.Index(fields=["account", "-autotask_created_at"], include=("state",), name="document_days")),
    ("blocker", models.Index(fields=["account", "fault"], include=("document",), name="blocker_of_fault")),
    ("attempt", models.Index(fields=["account", "-id", "outcome", "at"], name="attempt_log")),
    ("attempt", models.Index(fields=["account", "run_id"], name="attempt_of_run")),
)
REPLACED = (
    ("document", "syncing_doc_account_3139bd_idx"),
    ("document", "syncing_doc_account_f7864f_idx"),
    ("blocker", "syncing_blo_account_5fdea0_idx"),
    ("attempt", "syncing_att_account_403335_idx"),
)


def count_documents(apps, schema_editor):
    """The tally of those that were there before its triggers. No document moves while an account's are counted."""

    def count(account_id):
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE syncing_document IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute("DELETE FROM syncing_documenttally")
            cursor.execute(
                "INSERT INTO syncing_documenttally (account_id, state, documents)"
                " SELECT account_id, state, count(*) FROM syncing_document GROUP BY account_id, state"
            )

    for_each_account(apps, count)


class Migration(migrations.Migration):
    """Beside workers that go on: nothing here locks a table for longer than an account's documents are counted."""

    atomic = False

    dependencies = [
        ("syncing", "0012_document_tally"),
    ]

    operations = [
        migrations.RunPython(count_documents, migrations.RunPython.noop),
        *(AddIndexConcurrently(model_name=model, index=index) for model, index in INDEXES),
        *(RemoveIndexConcurrently(model_name=model, name=name) for model, name in REPLACED),
    ]
