"""A person: name, time zone, accounts, and the e-mails they want of each."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tenants.forms import NotificationsForm, ProfileForm
from tenants.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """One form for it all: the person, and each account's e-mails."""
    data: Any = request.POST if request.method == "POST" else None
    user = User.objects.get(id=cast(User, request.user).id)
    form = ProfileForm(data, instance=user)
    memberships = user.memberships.select_related("account").order_by("account__name", "account_id")
    accounts = [NotificationsForm(data, instance=member) for member in memberships]
    if data is not None and all([form.is_valid(), *(each.is_valid() for each in accounts)]):
        with transaction.atomic():
            form.save()
            for each in accounts:
                each.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    status = HTTPStatus.OK if data is None else HTTPStatus.BAD_REQUEST
    return render(request, "people/profile.html", {"form": form, "accounts": accounts}, status=status)
