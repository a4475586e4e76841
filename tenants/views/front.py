"""The front door: what a stranger reads, and where a person is led."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tenants.accounts import accounts_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """For a stranger, what this is. A person goes into their account, chooses one of several, or makes the first; our
    staff, who have none, go to the desk."""
    if not request.user.is_authenticated:
        return render(request, "landing/page.html")
    accounts = list(accounts_of(request.user))
    if not accounts:
        return redirect("admin:index" if request.user.is_staff else "new-account")
    if len(accounts) == 1:
        return redirect("overview", slug=accounts[0].slug)
    return render(request, "people/accounts.html", {"accounts": accounts})
