"""The addresses of what an account decides."""

from django.urls import path

from syncing.views import contacts, mappings, previews, settings, setup

urlpatterns = [
    path("a/<slug:slug>/settings/", settings.first_page, name="settings"),
    path("a/<slug:slug>/settings/sync/", settings.overview, name="sync-settings"),
    path("a/<slug:slug>/settings/sync/<slug:page>/", settings.page, name="sync-settings-page"),
    path("a/<slug:slug>/settings/mappings/", mappings.overview, name="mappings"),
    path("a/<slug:slug>/settings/mappings/contacts/", contacts.report, name="contact-report"),
    path("a/<slug:slug>/settings/mappings/contacts/export", contacts.export, name="contact-export"),
    path("a/<slug:slug>/settings/mappings/contacts/import", contacts.take_file, name="contact-import"),
    path("a/<slug:slug>/settings/mappings/contacts/<int:company_id>/", contacts.choose, name="contact-choose"),
    path("a/<slug:slug>/settings/mappings/contacts/<int:company_id>/link", contacts.link, name="contact-link"),
    path("a/<slug:slug>/settings/mappings/contacts/<int:company_id>/create", contacts.create, name="contact-create"),
    path("a/<slug:slug>/settings/mappings/<slug:kind>/", mappings.page, name="mapping"),
    path("a/<slug:slug>/settings/mappings/<slug:kind>/export", mappings.export, name="mapping-export"),
    path("a/<slug:slug>/settings/mappings/<slug:kind>/import", mappings.take_file, name="mapping-import"),
    path("a/<slug:slug>/settings/mappings/<slug:kind>/suggested", mappings.take_suggestions, name="mapping-suggested"),
    path("a/<slug:slug>/setup/", setup.setup, name="setup"),
    path("a/<slug:slug>/setup/autotask", setup.autotask, name="setup-autotask"),
    path("a/<slug:slug>/setup/books", setup.books, name="setup-books"),
    path("a/<slug:slug>/setup/preview", setup.preview, name="setup-preview"),
    path("a/<slug:slug>/setup/start", setup.start, name="setup-start"),
    path("a/<slug:slug>/previews/", previews.overview, name="previews"),
    path("a/<slug:slug>/previews/start", previews.start, name="preview-start"),
    path("a/<slug:slug>/previews/<int:preview_id>/", previews.page, name="preview"),
    path("a/<slug:slug>/previews/<int:preview_id>/<int:result_id>/", previews.document, name="preview-document"),
    path("a/<slug:slug>/documents/<int:document_id>/preview", previews.document_now, name="document-preview"),
    path("a/<slug:slug>/settings/history/", settings.history, name="history"),
]
