"""The addresses of what an account decides."""

from django.urls import path

from syncing.views import settings

urlpatterns = [
    path("a/<slug:slug>/settings/sync/", settings.overview, name="sync-settings"),
    path("a/<slug:slug>/settings/sync/<slug:page>/", settings.page, name="sync-settings-page"),
    path("a/<slug:slug>/settings/history/", settings.history, name="history"),
]
