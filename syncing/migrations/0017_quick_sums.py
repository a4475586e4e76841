from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection, migrations, models

from tenants.isolation import for_each_account


def complete_blockers(apps, schema_editor):
    """Those that were there before their triggers. No document moves while an account's are completed."""

    def complete(account_id):
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE syncing_document IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute(
                "UPDATE syncing_blocker AS blocker"
                " SET code = fault.code, kind = document.kind, currency = document.currency, total = document.total"
                " FROM syncing_document AS document, faults_fault AS fault"
                " WHERE document.id = blocker.document_id AND fault.id = blocker.fault_id"
            )

    for_each_account(apps, complete)


class Migration(migrations.Migration):
    """Beside workers that go on, as 0013."""

    atomic = False

    dependencies = [
        ("syncing", "0016_blockers_carry_sums"),
    ]

    operations = [
        migrations.RunPython(complete_blockers, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="blocker",
            index=models.Index(
                fields=["account", "fault", "-document"], include=("kind", "currency", "total"), name="blocker_by_fault"
            ),
        ),
        AddIndexConcurrently(
            model_name="blocker",
            index=models.Index(fields=["account", "code", "-document"], name="blocker_by_kind"),
        ),
        RemoveIndexConcurrently(model_name="blocker", name="blocker_of_fault"),
    ]
