"""The help centre: public, and drawn from the articles and the catalogue."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from faults import help as help_centre
from faults.catalogue import KINDS, TOPICS
from faults.help import ArticleNotFoundError


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    """Every article by its topic; or those that a search finds."""
    query = request.GET.get("q", "").strip()[: help_centre.LONGEST_QUERY]
    context = {
        "query": query,
        "hits": help_centre.search(query) if query else [],
        "topics": [
            (topic.title, [help_centre.article(kind.code) for kind in topic.kinds]) for topic in TOPICS
        ],
        "guides": help_centre.guides(),
    }  # fmt: skip
    only_results = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, "help/_results.html" if only_results else "help/index.html", context)


@require_safe
def fault_article(request: HttpRequest, code: str) -> HttpResponse:
    """The article of a fault kind."""
    if code not in KINDS:
        raise Http404
    return _article(request, code)


@require_safe
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """An article of no kind. The name of a kind leads to its own address."""
    if slug in KINDS:
        return redirect(KINDS[slug].article_path, permanent=True)
    return _article(request, slug)


def _article(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        article = help_centre.article(slug)
    except ArticleNotFoundError:
        raise Http404 from None
    return render(request, "help/article.html", {"article": article, "kind": article.kind})
