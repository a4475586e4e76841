"""The addresses of connecting, and of Xero's events. Those that Xero calls are the same for all accounts."""

from django.urls import path

from syncing import connect_views
from syncing.views import hooks

urlpatterns = [
    path("hooks/xero/", hooks.xero, name="xero-hook"),
    path("connections/xero/callback", connect_views.callback, name="xero-callback"),
    path("a/<slug:slug>/settings/connections/", connect_views.connections_page, name="connections"),
    path("a/<slug:slug>/settings/connections/autotask/", connect_views.autotask_access, name="autotask-access"),
    path(
        "a/<slug:slug>/settings/connections/autotask/change", connect_views.connect_to_autotask, name="autotask-connect"
    ),
    path("a/<slug:slug>/connections/xero/start", connect_views.start, name="xero-start"),
    path("a/<slug:slug>/settings/connections/xero/choose", connect_views.choose, name="xero-choose"),
    path(
        "a/<slug:slug>/settings/connections/xero/<int:connection_id>/disconnect",
        connect_views.disconnect,
        name="xero-disconnect",
    ),
]
