import django.db.models.deletion
from django.db import migrations, models

import tenants.models.accounts
from tenants.isolation import IsolateTable

# One statement moves documents of one account, or of none: the policy sees to it. So the rows that it adds here obey
# the policy of their table too.
MAKE = """
CREATE FUNCTION tally_new_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO syncing_documenttally (account_id, state, documents)
    SELECT account_id, state, count(*) FROM made GROUP BY account_id, state;
    RETURN NULL;
END $$;

CREATE FUNCTION tally_moved_documents() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO syncing_documenttally (account_id, state, documents)
    SELECT account_id, state, sum(change)
    FROM (
        SELECT account_id, state, 1 AS change FROM after_it
        UNION ALL
        SELECT account_id, state, -1 FROM before_it
    ) AS changes
    GROUP BY account_id, state HAVING sum(change) <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER tally_new_documents AFTER INSERT ON syncing_document
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION tally_new_documents();
CREATE TRIGGER tally_moved_documents AFTER UPDATE ON syncing_document
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
    FOR EACH STATEMENT EXECUTE FUNCTION tally_moved_documents();
"""
UNMAKE = """
DROP TRIGGER tally_moved_documents ON syncing_document;
DROP TRIGGER tally_new_documents ON syncing_document;
DROP FUNCTION tally_moved_documents();
DROP FUNCTION tally_new_documents();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("syncing", "0011_queue_in_its_order"),
        ("tenants", "0004_encrypt_second_factors"),
    ]

    operations = [
        migrations.CreateModel(
            name="DocumentTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=10)),
                ("documents", models.IntegerField(help_text="So many more, or fewer.")),
                (
                    "account",
                    tenants.models.accounts.OwningAccount(
                        db_index=False,
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.account",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account"], include=("state", "documents"), name="tally_of_account"),
                ],
            },
        ),
        IsolateTable("DocumentTally"),
        migrations.RunSQL(MAKE, UNMAKE),
    ]
