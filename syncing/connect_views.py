"""Connecting an account to Autotask and Xero: the page, Autotask's credentials, Xero's consent, choice and end."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from faults.models import Fault
from faults.problems import NeedsReconnect, SyncProblem, Transient
from syncing import incidents
from syncing.access_concerns import concerns, sights
from syncing.autotask.connect import OtherDatabaseError, connect_autotask
from syncing.connection_health import autotask_health, fed_organisations
from syncing.consents import Errand, begin_consent, close_choice, finish_consent, keep_choice, open_choice
from syncing.models import SyncSettings
from syncing.partners import open_autotask
from syncing.setup_steps import is_being_set_up
from syncing.xero import oauth
from syncing.xero.connect import connect_xero
from tenants.connections import Organisation, OrganisationTakenError
from tenants.middleware import AccountRequest
from tenants.models import Account, AutotaskConnection, Member, User, XeroConnection, XeroGrant
from tenants.permissions import ROLE_PERMISSIONS, Permission, granted, requires
from tenants.scope import account_scope

NOT_STARTED_HERE = (
    "This answer from Xero does not belong to a sign-in that you have just begun here: it was used before, is too old, "
    "or comes from another browser."
)
DENIED = "You did not give Cloud Depot access in Xero, so nothing was connected."
NONE_GIVEN = "Xero gave access to no organisation. On Xero’s page, choose the organisation and allow access."
TAKEN = (
    "“{name}” is fed by another account of Cloud Depot already. Two accounts that feed one organisation would mix "
    "their invoices. Disconnect it there first, or contact support if this is meant to be."
)


class AutotaskForm(forms.Form):
    """The credentials of an API user. What is kept of them is never shown again."""

    username = forms.CharField(label="API user name", max_length=254)
    secret = forms.CharField(label="Secret", max_length=200, widget=forms.PasswordInput())
    integration_code = forms.CharField(
        label="Tracking identifier",
        max_length=200,
        required=False,
        widget=forms.PasswordInput(),
        help_text="Leave it empty to use Cloud Depot’s own.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not settings.AUTOTASK_INTEGRATION_CODE:
            self.fields["integration_code"].required = True
            self.fields["integration_code"].help_text = "Of your own integration, from the API user’s page in Autotask."


@require_GET
@requires(Permission.SEE)
def connections_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Both connections and their health, with the buttons of who may use them."""
    autotask = AutotaskConnection.objects.first()
    return _page(request, autotask, AutotaskForm(initial={"username": autotask.username if autotask else ""}))


@require_POST
@requires(Permission.CONNECT)
def connect_to_autotask(request: HttpRequest, slug: str) -> HttpResponse:
    """Try the credentials, and keep them where they work."""
    form = AutotaskForm(request.POST)
    if keep_credentials(request, form):
        return redirect("setup" if is_being_set_up() else "autotask-access", slug=slug)
    return _page(request, AutotaskConnection.objects.first(), form, HTTPStatus.BAD_REQUEST)


def keep_credentials(request: HttpRequest, form: AutotaskForm) -> bool:
    """Keep the credentials of the form where they work; else the form says why they do not."""
    if not form.is_valid():
        return False
    try:
        connection = connect_autotask(cast(AccountRequest, request).account.id, **form.cleaned_data)
    except SyncProblem as problem:
        form.add_error(None, _autotask_in_words(problem))
        return False
    except OtherDatabaseError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, f"Connected to Autotask as {connection.username}.")
    return True


def _page(
    request: HttpRequest, autotask: AutotaskConnection | None, form: AutotaskForm, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    now, troubles = timezone.now(), incidents.open_incidents()
    context = {
        "account": cast(AccountRequest, request).account,
        "organisations": fed_organisations(XeroConnection.objects.select_related("grant"), troubles, now),
        "autotask": autotask,
        "autotask_health": autotask_health(autotask, troubles),
        "autotask_form": form,
        "may_connect": Permission.CONNECT in granted(request),
    }
    return render(request, "connections/page.html", context, status=status)


@require_GET
@requires(Permission.CONNECT)
def autotask_access(request: HttpRequest, slug: str) -> HttpResponse:
    """What the API user can see, asked for now; and what of it would stop invoices later."""
    account = cast(AccountRequest, request).account
    connection = AutotaskConnection.objects.first()
    if connection is None:
        return redirect("connections", slug=slug)
    context: dict[str, Any] = {"account": account, "autotask": connection}
    try:
        access = open_autotask(connection).check_access()
    except SyncProblem as problem:
        context["problem"] = _autotask_in_words(problem)
    else:
        AutotaskConnection.objects.filter(id=connection.id).update(last_answered_at=timezone.now())
        settings_of_account = SyncSettings.of_account(account.id)
        context |= {"access": access, "sights": sights(access), "concerns": concerns(access, settings_of_account)}
    part = "connections/_access.html" if request.htmx else "connections/autotask.html"  # type: ignore[attr-defined]
    return render(request, part, context)


def _autotask_in_words(problem: SyncProblem) -> str:
    if isinstance(problem, Transient):
        return "Autotask does not answer at the moment. Nothing was changed; try again in a few minutes."
    if problem.code == "autotask-login-refused":
        return (
            "Autotask does not take these credentials. Check the API user name, the secret and the tracking "
            f"identifier, and that the user is active and not locked. {problem.detail}"
        )
    return problem.detail


@require_POST
@requires(Permission.CONNECT)
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """To Xero's consent page, and back to the fault that the form names, if any. With `change_settings` it also asks
    to add currencies."""
    fault_id = _fault_id(request.POST.get("fault", ""))
    state = begin_consent(request.session, Errand(cast(AccountRequest, request).account.id, fault_id))
    return redirect(oauth.authorize_url(state, change_settings="change_settings" in request.POST))


@require_GET
@never_cache
@login_required
@sensitive_variables("code")
def callback(request: HttpRequest) -> HttpResponse:
    """Back from Xero, with a code or with a refusal. One address for all accounts: the session knows whose it is."""
    errand = finish_consent(request.session, request.GET.get("state", ""))
    if errand is None:
        return _stopped(request, None, NOT_STARTED_HERE)
    account = _account_that_may_connect(request, errand.account_id)
    if error := request.GET.get("error", ""):
        words = DENIED if error == "access_denied" else f"Xero did not give access: {error[:100]}."
        return _stopped(request, account, words)
    code = request.GET.get("code", "")
    if not code:
        return _stopped(request, account, NOT_STARTED_HERE)
    with account_scope(account.id):
        return _connect(request, account, code, errand)


def _fault_id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _account_that_may_connect(request: HttpRequest, account_id: int) -> Account:
    """The account, if the person may (still) connect it; a stranger gets 404."""
    user = cast(User, request.user)
    member = Member.objects.select_related("account").filter(account_id=account_id, user=user).first()
    if member is None:
        raise Http404
    if Permission.CONNECT not in ROLE_PERMISSIONS[member.role]:
        raise PermissionDenied(f"You may not {Permission.CONNECT}.")
    return member.account


@sensitive_variables("code")
def _connect(request: HttpRequest, account: Account, code: str, errand: Errand) -> HttpResponse:
    try:
        consent = oauth.connect(code)
    except SyncProblem as problem:
        return _stopped(request, account, _in_words(problem))
    if not consent.organisations:
        return _stopped(request, account, NONE_GIVEN)
    if len(consent.organisations) > 1:
        keep_choice(request.session, errand, consent.grant.id, consent.organisations)
        return redirect("xero-choose", slug=account.slug)
    return _take(request, account, consent.grant, consent.organisations[0], errand)


@require_http_methods(["GET", "POST"])
@never_cache
@requires(Permission.CONNECT)
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Which of the organisations that were given does this account feed?"""
    account = cast(AccountRequest, request).account
    choice = open_choice(request.session, account.id)
    if choice is None:
        return _stopped(request, account, NOT_STARTED_HERE)
    organisation = choice.organisation(request.POST.get("organisation", ""))
    if organisation is None:
        context = {"account": account, "organisations": choice.organisations, "is_missing": request.method == "POST"}
        return render(request, "connections/choose.html", context)
    close_choice(request.session)
    return _take(request, account, XeroGrant.objects.get(id=choice.grant_id), organisation, choice.errand)


def _take(
    request: HttpRequest, account: Account, grant: XeroGrant, organisation: Organisation, errand: Errand
) -> HttpResponse:
    try:
        connection = connect_xero(account.id, grant, organisation)
    except OrganisationTakenError:
        return _stopped(request, account, TAKEN.format(name=organisation.name), HTTPStatus.CONFLICT)
    messages.success(request, f"Connected to “{connection.name}” in Xero.")
    with account_scope(account.id):
        if errand.fault_id and Fault.objects.filter(id=errand.fault_id).exists():
            return redirect("fault", slug=account.slug, fault_id=errand.fault_id)
        return redirect("setup" if is_being_set_up() else "connections", slug=account.slug)


@require_http_methods(["GET", "POST"])
@requires(Permission.CONNECT)
def disconnect(request: HttpRequest, slug: str, connection_id: int) -> HttpResponse:
    """End one connection, here and in Xero, once that is confirmed."""
    connection = get_object_or_404(
        XeroConnection.objects.select_related("grant"), id=connection_id, state=XeroConnection.State.CONNECTED
    )
    if request.method == "GET":
        return render(request, "connections/disconnect.html", {"connection": connection})
    try:
        oauth.disconnect(connection)
    except SyncProblem as problem:
        messages.error(request, f"“{connection.name}” is still connected. {_in_words(problem)}")
    else:
        messages.success(request, f"“{connection.name}” is disconnected, here and in Xero.")
    return redirect("connections", slug=slug)


def _in_words(problem: SyncProblem) -> str:
    if isinstance(problem, Transient):
        return "Xero does not answer at the moment. Nothing was changed; try again in a few minutes."
    if isinstance(problem, NeedsReconnect):
        return f"{problem.detail} Begin again."
    return f"Xero refused this installation of Cloud Depot ({problem.detail}). Contact support."


def _stopped(
    request: HttpRequest, account: Account | None, words: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
) -> HttpResponse:
    """A page that says why the connecting ended, and how to begin again."""
    context = {"account": account, "words": words}
    return render(request, "connections/stopped.html", context, status=status)
