"""How many documents of an account are in which state, without counting them."""

from __future__ import annotations

from django.db import models

from tenants.models import AccountModel


class DocumentTally(AccountModel):
    """One change of how many documents are in a state. The sum of an account's rows is what it has in each.

    A trigger of the database adds a row in the transaction that moves documents, whoever moves them and however; no
    row is ever updated, so that no two transactions wait for each other. syncing/tally.py reads and folds them.
    """

    state = models.CharField(max_length=10)
    documents = models.IntegerField(help_text="So many more, or fewer.")

    class Meta:
        indexes = [models.Index(fields=["account"], include=["state", "documents"], name="tally_of_account")]
