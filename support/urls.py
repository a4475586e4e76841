"""The addresses where customers ask us, and read what we did."""

from django.urls import path

from support import history_views, views

urlpatterns = [
    path("a/<slug:slug>/support/", views.support_page, name="support"),
    path("a/<slug:slug>/settings/history/support/", history_views.support_history, name="support-history"),
]
