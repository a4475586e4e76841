"""The front door: whoever comes in is led to where he belongs."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tenants.models import Account, User


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The person's accounts; straight into the account where there is only one."""
    accounts = list(Account.objects.filter(members__user=cast(User, request.user)).order_by("name"))
    if len(accounts) == 1:
        return redirect("connections", slug=accounts[0].slug)
    return render(request, "home.html", {"accounts": accounts})
