"""The addresses of taking everything out of an account, and of ending it."""

from django.urls import path

from syncing.views import account

urlpatterns = [
    path("a/<slug:slug>/settings/account/export", account.export_account, name="account-export"),
    path("a/<slug:slug>/settings/account/delete", account.delete_account, name="account-delete"),
]
