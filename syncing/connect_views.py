"""Connecting an account to Xero: the page, the way to Xero's consent and back, the choice, and the end."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from faults.problems import NeedsReconnect, SyncProblem, Transient
from syncing.consents import begin_consent, close_choice, finish_consent, keep_choice, open_choice
from syncing.xero import oauth
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
NONE_GIVEN = "Xero gave access to no organisation. On Xero's page, choose the organisation and allow access."
TAKEN = (
    "“{name}” is fed by another account of Cloud Depot already. Two accounts that feed one organisation would mix "
    "their invoices. Disconnect it there first, or contact support if this is meant to be."
)


@require_GET
@requires(Permission.SEE)
def connections_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Both connections and their health, with the buttons of who may use them."""
    context = {
        "account": cast(AccountRequest, request).account,
        "xero_connections": XeroConnection.objects.select_related("grant").order_by("state", "name"),
        "autotask": AutotaskConnection.objects.first(),
        "may_connect": Permission.CONNECT in granted(request),
    }
    return render(request, "connections/page.html", context)


@require_POST
@requires(Permission.CONNECT)
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """To Xero's consent page. With `change_settings` it also asks to add currencies."""
    account = cast(AccountRequest, request).account
    state = begin_consent(request.session, account.id)
    return redirect(oauth.authorize_url(state, change_settings="change_settings" in request.POST))


@require_GET
@never_cache
@login_required
@sensitive_variables("code")
def callback(request: HttpRequest) -> HttpResponse:
    """Back from Xero, with a code or with a refusal. One address for all accounts: the session knows whose it is."""
    account_id = finish_consent(request.session, request.GET.get("state", ""))
    if account_id is None:
        return _stopped(request, None, NOT_STARTED_HERE)
    account = _account_that_may_connect(request, account_id)
    if error := request.GET.get("error", ""):
        words = DENIED if error == "access_denied" else f"Xero did not give access: {error[:100]}."
        return _stopped(request, account, words)
    code = request.GET.get("code", "")
    if not code:
        return _stopped(request, account, NOT_STARTED_HERE)
    with account_scope(account.id):
        return _connect(request, account, code)


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
def _connect(request: HttpRequest, account: Account, code: str) -> HttpResponse:
    try:
        consent = oauth.connect(code)
    except SyncProblem as problem:
        return _stopped(request, account, _in_words(problem))
    if not consent.organisations:
        return _stopped(request, account, NONE_GIVEN)
    if len(consent.organisations) > 1:
        keep_choice(request.session, account.id, consent.grant.id, consent.organisations)
        return redirect("xero-choose", slug=account.slug)
    return _take(request, account, consent.grant, consent.organisations[0])


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
    return _take(request, account, XeroGrant.objects.get(id=choice.grant_id), organisation)


def _take(request: HttpRequest, account: Account, grant: XeroGrant, organisation: Organisation) -> HttpResponse:
    try:
        connection = oauth.take_organisation(account.id, grant, organisation)
    except OrganisationTakenError:
        return _stopped(request, account, TAKEN.format(name=organisation.name), HTTPStatus.CONFLICT)
    messages.success(request, f"Connected to “{connection.name}” in Xero.")
    return redirect("connections", slug=account.slug)


@require_POST
@requires(Permission.CONNECT)
def disconnect(request: HttpRequest, slug: str, connection_id: int) -> HttpResponse:
    """End one connection, here and in Xero."""
    connection = get_object_or_404(
        XeroConnection.objects.select_related("grant"), id=connection_id, state=XeroConnection.State.CONNECTED
    )
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
