"""API tokens: made, shown once, and revoked."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from tenants.api_tokens import create_token, revoke_token
from tenants.forms import TokenForm
from tenants.middleware import AccountRequest
from tenants.models import ApiToken, User
from tenants.permissions import Permission, requires

MOST_REVOKED_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@requires(Permission.MANAGE_TOKENS)
@sensitive_variables("secret")
def api_tokens(request: HttpRequest, slug: str) -> HttpResponse:
    """The account's tokens. The answer to making one is the only page that ever shows its secret."""
    form = TokenForm(request.POST or None)
    if not form.is_valid():
        return _page(request, form)
    account = cast(AccountRequest, request).account
    name, scope = form.cleaned_data["name"], form.cleaned_data["scope"]
    token, secret = create_token(account, name, scope, cast(User, request.user))
    return _page(request, TokenForm(), token, secret)


@sensitive_variables("secret")
def _page(request: HttpRequest, form: TokenForm, made: ApiToken | None = None, secret: str = "") -> HttpResponse:
    account = cast(AccountRequest, request).account
    tokens = ApiToken.objects.filter(account=account).select_related("created_by").order_by("-id")
    context = {
        "account": account,
        "form": form,
        "tokens": tokens.filter(revoked_at=None),
        "revoked": tokens.exclude(revoked_at=None).order_by("-revoked_at")[:MOST_REVOKED_SHOWN],
        "made": made,
        "secret": secret,
    }
    return render(request, "people/tokens.html", context, status=HTTPStatus.BAD_REQUEST if form.errors else None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_TOKENS)
def revoke(request: HttpRequest, slug: str, token_id: int) -> HttpResponse:
    """Asks first: whatever uses the token stops working."""
    account = cast(AccountRequest, request).account
    token = get_object_or_404(ApiToken.objects.filter(account=account), id=token_id)
    if request.method == "POST":
        revoke_token(token)
        messages.success(request, f"“{token.name}” is revoked.")
        return redirect("api-tokens", slug=slug)
    return render(request, "people/revoke_token.html", {"account": account, "token": token})
