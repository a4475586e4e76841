from .diagnostics import Diagnosis, KeptExchange
from .documents import Attempt, Blocker, Delivery, Document, SyncRun
from .health import AccountHealth
from .mappings import BillingCodeMapping, BrandingMapping, ContactLink, ItemMapping, TaxMapping, TrackingMapping
from .previews import Preview, PreviewedDocument
from .settings import SettingsChange, Setup, SyncSettings
from .sync_state import ReferenceData, SyncState
from .tally import DocumentTally

__all__ = [
    "AccountHealth",
    "Attempt",
    "BillingCodeMapping",
    "Blocker",
    "BrandingMapping",
    "ContactLink",
    "Delivery",
    "Diagnosis",
    "Document",
    "DocumentTally",
    "ItemMapping",
    "KeptExchange",
    "Preview",
    "PreviewedDocument",
    "ReferenceData",
    "SettingsChange",
    "Setup",
    "SyncRun",
    "SyncSettings",
    "SyncState",
    "TaxMapping",
    "TrackingMapping",
]
