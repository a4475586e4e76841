from django.db import migrations, models

# A blocker is written once, so its copies are taken for each row; those of a document whose amounts change follow it.
# What arrives in Xero waits for nothing any more, and is by far the most: it takes no part. The fault's code is its
# fingerprint, and never changes.
MAKE = """
CREATE FUNCTION complete_blocker() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT kind, currency, total INTO NEW.kind, NEW.currency, NEW.total
    FROM syncing_document WHERE account_id = NEW.account_id AND id = NEW.document_id;
    SELECT code INTO NEW.code FROM faults_fault WHERE account_id = NEW.account_id AND id = NEW.fault_id;
    RETURN NEW;
END $$;

CREATE FUNCTION follow_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE syncing_blocker SET kind = NEW.kind, currency = NEW.currency, total = NEW.total
    WHERE account_id = NEW.account_id AND document_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER complete_blocker BEFORE INSERT ON syncing_blocker
    FOR EACH ROW EXECUTE FUNCTION complete_blocker();
CREATE TRIGGER follow_document AFTER UPDATE ON syncing_document
    FOR EACH ROW
    WHEN (
        NEW.state <> 'synced'
        AND (OLD.kind, OLD.currency, OLD.total) IS DISTINCT FROM (NEW.kind, NEW.currency, NEW.total)
    )
    EXECUTE FUNCTION follow_document();
"""
UNMAKE = """
DROP TRIGGER follow_document ON syncing_document;
DROP TRIGGER complete_blocker ON syncing_blocker;
DROP FUNCTION follow_document();
DROP FUNCTION complete_blocker();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("syncing", "0015_walk_place"),
        ("faults", "0004_fault_codes"),
    ]

    operations = [
        migrations.AddField("blocker", "code", models.CharField(db_default="", editable=False, max_length=40)),
        migrations.AddField("blocker", "kind", models.CharField(db_default="", editable=False, max_length=20)),
        migrations.AddField("blocker", "currency", models.CharField(db_default="", editable=False, max_length=3)),
        migrations.AddField(
            "blocker", "total", models.DecimalField(decimal_places=4, editable=False, max_digits=18, null=True)
        ),
        migrations.RunSQL(MAKE, UNMAKE),
    ]
