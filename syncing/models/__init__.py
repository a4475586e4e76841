from .documents import Attempt, Blocker, Delivery, Document, SyncRun
from .mappings import BillingCodeMapping, ContactLink, TaxMapping
from .settings import SyncSettings
from .sync_state import ReferenceData, SyncState

__all__ = [
    "Attempt",
    "BillingCodeMapping",
    "Blocker",
    "ContactLink",
    "Delivery",
    "Document",
    "ReferenceData",
    "SyncRun",
    "SyncSettings",
    "SyncState",
    "TaxMapping",
]
