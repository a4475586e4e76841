"""Taking everything out of an account, and ending it. For its owners."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from faults.problems import SyncProblem
from syncing import account_closing, tasks
from syncing.account_export import zipped
from tenants.middleware import AccountRequest
from tenants.models import Account, User
from tenants.permissions import Permission, requires

GOES_ON = "A sync is running at this moment. Wait until it has ended, and delete the account then. Nothing was deleted."
XERO_SILENT = "Xero does not answer, and has to be told first. Nothing was deleted; try again in a few minutes."


class DeleteAccountForm(forms.Form):
    """The account's name, typed, as proof that it is meant."""

    name = forms.CharField(label="Name of the account", widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, data: Any, account: Account) -> None:
        super().__init__(data)
        self._account = account
        self.fields["name"].help_text = f"Type {account.name} to show that you mean it."

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if name.casefold() != self._account.name.casefold():
            raise forms.ValidationError("This is not the account’s name.")
        return name


@require_safe
@requires(Permission.EXPORT)
def export_account(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A zip of all that the account holds, as it is read."""
    account = cast(AccountRequest, request).account
    response = StreamingHttpResponse(zipped(account), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{timezone.now():%Y-%m-%d}.zip"'
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.DELETE_ACCOUNT)
def delete_account(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks first, for the account's name, and says what ends and what stays."""
    account = cast(AccountRequest, request).account
    form = DeleteAccountForm(request.POST if request.method == "POST" else None, account)
    if not form.is_valid():
        return _ask(request, form, HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK)
    try:
        account_closing.close_account(account, by=cast(User, request.user))
    except account_closing.SyncGoesOnError:
        form.add_error(None, GOES_ON)
        return _ask(request, form, HTTPStatus.CONFLICT)
    except SyncProblem:
        form.add_error(None, XERO_SILENT)
        return _ask(request, form, HTTPStatus.CONFLICT)
    tasks.empty_account.delay(account_id=account.id)
    messages.success(request, f"{account.name} is deleted.")
    return redirect("home")


def _ask(request: HttpRequest, form: DeleteAccountForm, status: HTTPStatus) -> HttpResponse:
    context = {"account": cast(AccountRequest, request).account, "form": form}
    return render(request, "people/delete_account.html", context, status=status)
