from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("faults", "0003_fault_looks"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="fault",
            index=models.Index(fields=["account", "state", "code"], name="fault_codes"),
        ),
    ]
