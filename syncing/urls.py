"""The account's pages about what is carried."""

from django.urls import path

from syncing.views import document, documents, log, overview

urlpatterns = [
    path("d/<uuid:document_uuid>", document.find_document, name="find-document"),
    path("a/<slug:slug>/", overview.overview_page, name="overview"),
    path("a/<slug:slug>/sync", overview.sync_now, name="sync-now"),
    path("a/<slug:slug>/runs/<int:run_id>/progress", overview.run_progress, name="run-progress"),
    path("a/<slug:slug>/documents/", documents.documents, name="documents"),
    path("a/<slug:slug>/documents/export", documents.export, name="documents-export"),
    path("a/<slug:slug>/documents/resync", documents.resync, name="documents-resync"),
    path("a/<slug:slug>/documents/<int:document_id>/", document.show, name="document"),
    path("a/<slug:slug>/documents/<int:document_id>/resync", document.resync, name="document-resync"),
    path("a/<slug:slug>/documents/<int:document_id>/overwrite", document.overwrite, name="document-overwrite"),
    path("a/<slug:slug>/documents/<int:document_id>/skip", document.skip, name="document-skip"),
    path("a/<slug:slug>/documents/<int:document_id>/send-again", document.send_again, name="document-send-again"),
    path("a/<slug:slug>/log/", log.attempts, name="log"),
    path("a/<slug:slug>/log/export", log.export, name="log-export"),
    path("a/<slug:slug>/log/runs/", log.runs, name="runs"),
]
