"""The addresses of connecting. Xero's way back has no account in it: it must be the same for all."""

from django.urls import path

from syncing import connect_views

urlpatterns = [
    path("connections/xero/callback", connect_views.callback, name="xero-callback"),
    path("a/<slug:slug>/settings/connections/", connect_views.connections_page, name="connections"),
    path("a/<slug:slug>/settings/connections/autotask/", connect_views.autotask_access, name="autotask-access"),
    path("a/<slug:slug>/connections/autotask", connect_views.connect_to_autotask, name="autotask-connect"),
    path("a/<slug:slug>/connections/xero/start", connect_views.start, name="xero-start"),
    path("a/<slug:slug>/connections/xero/choose", connect_views.choose, name="xero-choose"),
    path(
        "a/<slug:slug>/connections/xero/<int:connection_id>/disconnect",
        connect_views.disconnect,
        name="xero-disconnect",
    ),
]
