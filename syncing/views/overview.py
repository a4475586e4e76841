"""The overview, and Sync now with its progress."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from syncing import on_demand, overview, progress
from syncing.models import SyncRun
from syncing.setup_steps import wants_setup
from tenants.middleware import AccountRequest
from tenants.permissions import Permission, granted, requires

MOST_DOCUMENTS = 10_000_000


@require_safe
@requires(Permission.SEE)
def overview_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the account stands; before its first run, the way to get there."""
    account = cast(AccountRequest, request).account
    faults = overview.living_faults()
    connections = overview.connections(faults.incidents)
    now = progress.present_progress()
    context = {
        "account": account,
        "connections": connections,
        "progress": now,
        "may_sync": Permission.RESYNC in granted(request),
        "may_connect": Permission.CONNECT in granted(request),
    }
    if now is None and Permission.CHANGE_SETTINGS in granted(request) and wants_setup():
        return redirect("setup", slug=slug)
    if now is None:
        return render(request, "overview/first_steps.html", context)
    context |= {
        "figures": overview.figures(),
        "chart": overview.chart_of_days(),
        "faults": faults,
    }
    return render(request, "overview/page.html", context)


@require_POST
@requires(Permission.RESYNC)
def sync_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a run; where one is going on, or waits for a worker, that one is watched instead."""
    account = cast(AccountRequest, request).account
    run = progress.live_run() or on_demand.request_run(account.id)
    if not cast(AccountRequest, request).htmx:  # type: ignore[attr-defined]
        return redirect("overview", slug=slug)
    return _progress(request, run)


@require_safe
@never_cache
@requires(Permission.SEE)
def run_progress(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """How far a run is. Its page asks every second, until the answer is one that does not ask again."""
    return _progress(request, get_object_or_404(SyncRun, id=run_id))


def _progress(request: HttpRequest, run: SyncRun) -> HttpResponse:
    account = cast(AccountRequest, request).account
    of = request.GET.get("of", "")
    known = int(of) if of.isascii() and of.isdigit() and len(of) < 9 else 0
    now = progress.progress(run, known)
    context = {"account": account, "progress": now, "may_sync": Permission.RESYNC in granted(request)}
    response = render(request, "overview/_progress.html", context)
    if not now.is_live:
        response["HX-Trigger"] = "run-ended"
    return response
