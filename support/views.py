"""Asking us: from any fault, with its facts along; and what became of earlier requests."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from faults.models import Fault
from support.ask import Kind, ask
from support.hours import chat_at
from support.models import SupportRequest
from tenants.features import FeatureName, is_enabled
from tenants.middleware import AccountRequest
from tenants.models import User
from tenants.permissions import Permission, granted, requires

LONGEST_MESSAGE = 5000
MOST_SHOWN = 20
LARGEST_ID = 2**63 - 1


class AskForm(forms.Form):
    kind = forms.ChoiceField(choices=Kind.choices, initial=Kind.CONTACT)
    fault = forms.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    message = forms.CharField(max_length=LONGEST_MESSAGE, required=False, widget=forms.Textarea)

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("kind") == Kind.CONTACT and "message" in cleaned and not cleaned["message"]:
            self.add_error("message", "Write what we can do for you.")
        return cleaned


@require_http_methods(["GET", "POST"])
@requires(Permission.SEE)
def support_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The form, with the fault it is about; whether chat is open; and the account's latest requests."""
    sent = request.method == "POST"
    form = AskForm(request.POST if sent else {"kind": Kind.CONTACT, **request.GET.dict()})
    valid = form.is_valid()
    fault_id = form.cleaned_data.get("fault")
    fault = get_object_or_404(Fault, id=fault_id) if fault_id else None
    kind = form.cleaned_data.get("kind") or Kind.CONTACT
    if sent and valid:
        return _ask(request, slug, kind, form.cleaned_data["message"], fault)
    context = {
        "account": cast(AccountRequest, request).account,
        "form": form if sent else AskForm(),
        "fault": fault,
        "kind": kind,
        "chat": chat_at(timezone.now()),
        "is_on": is_enabled(FeatureName.SERVICE_ADJUSTMENTS) if kind == Kind.SERVICE_ADJUSTMENTS else False,
        "requests": SupportRequest.objects.order_by("-id").select_related("fault")[:MOST_SHOWN],
        "longest": LONGEST_MESSAGE,
    }
    return render(request, "support/page.html", context, status=400 if sent else 200)


def _ask(request: HttpRequest, slug: str, kind: str, message: str, fault: Fault | None) -> HttpResponse:
    if kind == Kind.SERVICE_ADJUSTMENTS and Permission.RESYNC not in granted(request):
        raise PermissionDenied(f"You may not {Permission.RESYNC}.")
    account = cast(AccountRequest, request).account
    if kind == Kind.SERVICE_ADJUSTMENTS and is_enabled(FeatureName.SERVICE_ADJUSTMENTS):
        messages.info(request, "Service adjustment support is on for this account already: re-sync the invoice.")
    else:
        who = cast(User, request.user).email
        _, is_new = ask(account, kind=kind, message=message, asked_by=who, fault=fault)
        if is_new:
            messages.success(request, f"Sent. We answer to {who}.")
        else:
            messages.info(request, "This is asked for already. Our team looks at it, and you get an email.")
    if fault is not None:
        return redirect("fault", slug=slug, fault_id=fault.id)
    return redirect("support", slug=slug)
