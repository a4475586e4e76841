"""Connecting an account to a Xero organisation that was given in a consent."""

from __future__ import annotations

from django.utils import timezone

from syncing import incidents
from syncing.models import ReferenceData
from syncing.xero import oauth
from tenants.connections import Organisation
from tenants.models import Account, XeroConnection, XeroGrant
from tenants.scope import account_scope


def connect_xero(account_id: int, grant: XeroGrant, organisation: Organisation) -> XeroConnection:
    """Let the account feed this organisation. What stood in the way before is over, and the next run is due at once.

    Raises OrganisationTakenError where another account feeds it.
    """
    connection = oauth.take_organisation(account_id, grant, organisation)
    with account_scope(account_id):
        ReferenceData.objects.filter(account_id=account_id, name__startswith="xero:").delete()
        incidents.clear(incidents.open_incidents(), "Xero")
    Account.objects.filter(id=account_id).update(next_sync_at=timezone.now())
    return connection
