"""The desk: Django's admin, for our staff with a second factor.

It is a site of its own, so that nothing is on it that was not put there: the default one also takes what libraries
register, such as second factors with their secrets.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from support import second_factor
from support.numbers import numbers
from tenants.scope import system_scope

View = Callable[..., HttpResponseBase]


class DeskSite(AdminSite):
    site_header = "Cloud Depot desk"
    site_title = "Cloud Depot desk"
    index_title = "Desk"
    # Five lists need no menu beside them, and the accounts want the width.
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return second_factor.is_staff_at_work(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page is read in the system scope, and rendered before it is left."""
        return super().admin_view(_in_system_scope(view), cacheable)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """On the way to what the person wanted: to the common log-in, to set up a second factor, or to show it."""
        wanted = _wanted(request)
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, resolve_url(settings.LOGIN_URL))
        if not request.user.is_staff:
            raise PermissionDenied("The desk is for Cloud Depot's staff.")
        if self.has_permission(request):
            return redirect(wanted)
        if second_factor.has_one(request.user):
            return redirect_to_login(wanted, reverse("mfa_reauthenticate"))
        messages.warning(request, "The desk wants a second factor. Set it up here, and then come back to /admin/.")
        return redirect("mfa_activate_totp")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {"numbers": numbers(), **(extra_context or {})})


def _in_system_scope(view: View) -> View:
    @wraps(view)
    def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with system_scope(f"the desk, for {request.user}"):
            response = view(request, *args, **kwargs)
            return response.render() if isinstance(response, TemplateResponse) else response

    return scoped


def _wanted(request: HttpRequest) -> str:
    """Where the person was going, as long as that is a page of ours."""
    wanted = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")


desk = DeskSite(name="admin")
