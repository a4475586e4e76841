"""The log: attempts, runs, and the attempts as a file."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from syncing import log_entries
from syncing.csv_export import csv_response
from syncing.keyset import page_of, page_of_any
from syncing.models import SyncRun
from syncing.progress import Progress, live_run
from tenants.middleware import AccountRequest
from tenants.permissions import Permission, requires


@require_safe
@requires(Permission.SEE)
def attempts(request: HttpRequest, slug: str) -> HttpResponse:
    """Every attempt, newest first."""
    asked = log_entries.asked(request.GET)
    context = {
        "account": cast(AccountRequest, request).account,
        "asked": asked,
        "form": asked.form,
        "page": page_of_any(
            log_entries.entries(asked.given),
            "id",
            before=request.GET.get("before", ""),
            after=request.GET.get("after", ""),
        ),
    }
    template = "log/_attempts.html" if request.htmx else "log/attempts.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@require_safe
@requires(Permission.SEE)
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """What the log shows, all of it, as a CSV file."""
    given = log_entries.asked(request.GET).given
    return csv_response(f"{slug}-log", log_entries.CSV_HEADER, log_entries.csv_rows(given))


@require_safe
@requires(Permission.SEE)
def runs(request: HttpRequest, slug: str) -> HttpResponse:
    """Every run over the account, newest first."""
    page = page_of(
        SyncRun.objects.all(), "id", before=request.GET.get("before", ""), after=request.GET.get("after", "")
    )
    live = live_run()
    context = {
        "account": cast(AccountRequest, request).account,
        "page": page,
        "rows": [Progress(run=run, is_live=live is not None and live.id == run.id) for run in page.rows],
    }
    return render(request, "log/runs.html", context)
