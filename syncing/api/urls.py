"""The addresses of the REST surface, without a trailing slash."""

from django.urls import include, path, re_path

from syncing.api import account, connections, documents, faults, mappings, previews, schema_views, settings, syncs
from syncing.api.views import NothingHereView

v1 = [
    path("account", account.AccountDetail.as_view()),
    path("connections/autotask", connections.Autotask.as_view()),
    path("connections/xero", connections.Xero.as_view()),
    path("settings", settings.SettingsDetail.as_view()),
    path("mappings/billing-codes", mappings.BillingCodes.as_view()),
    path("mappings/tax-rates", mappings.TaxRates.as_view()),
    path("mappings/branding", mappings.Branding.as_view()),
    path("mappings/tracking", mappings.Tracking.as_view()),
    path("mappings/items", mappings.Items.as_view()),
    path("mappings/contacts", mappings.Contacts.as_view()),
    path("syncs", syncs.Syncs.as_view()),
    path("syncs/<int:sync_id>", syncs.SyncDetail.as_view()),
    path("documents", documents.DocumentList.as_view()),
    path("documents/resync", documents.DocumentsResync.as_view()),
    path("documents/<int:document_id>", documents.DocumentDetail.as_view()),
    path("documents/<int:document_id>/resync", documents.DocumentResync.as_view()),
    path("documents/<int:document_id>/skip", documents.DocumentSkip.as_view()),
    path("documents/<int:document_id>/preview", previews.DocumentPreview.as_view()),
    path("previews", previews.Previews.as_view()),
    path("previews/<int:preview_id>", previews.PreviewDetail.as_view()),
    path("faults", faults.FaultList.as_view()),
    path("faults/<int:fault_id>", faults.FaultDetail.as_view()),
    path("faults/<int:fault_id>/resync", faults.FaultResync.as_view()),
    path("faults/<int:fault_id>/ignore", faults.FaultIgnore.as_view()),
    path("fault-kinds", faults.FaultKindList.as_view()),
    path("schema/", schema_views.Schema.as_view(), name="schema"),
    path("docs/", schema_views.Docs.as_view(), name="api-docs"),
]

urlpatterns = [
    path("v1/", include(v1)),
    re_path("", NothingHereView.as_view()),
]
