"""The help centre: articles in Markdown, one for each fault kind and the guides that they lead to.

Fault articles take their title and summary from the catalogue; a guide brings its own, in lines at its top.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from faults.catalogue import KINDS, FaultKind, Partner
from faults.classify import read

FOLDER = Path(__file__).resolve().parent / "articles"

TAGS = {"a", "blockquote", "code", "em", "h2", "h3", "li", "ol", "p", "pre", "strong"}
TAGS |= {"table", "tbody", "td", "th", "thead", "tr", "ul"}
ATTRIBUTES = {"a": {"href", "title"}, "h2": {"id"}, "h3": {"id"}, "ol": {"start"}}
LONGEST_QUERY = 500
EXCERPT = 160


class ArticleNotFoundError(LookupError):
    """There is no article of this name."""


@dataclass(frozen=True)
class Section:
    """A heading of an article, and its anchor on the page."""

    id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Article:
    """One page of the help centre. `html` is clean; `text` is what is searched, without headings."""

    slug: str
    title: str
    summary: str
    sections: tuple[Section, ...]
    html: SafeString
    text: str
    kind: FaultKind | None = None

    @property
    def path(self) -> str:
        return self.kind.article_path if self.kind else f"/help/{self.slug}/"


@dataclass(frozen=True)
class Hit:
    """An article that a search found, and the words round the first place."""

    article: Article
    excerpt: str


@cache
def articles() -> dict[str, Article]:
    """Every article by its name: the fault kinds in the catalogue's order, then the guides by title."""
    files = {file.stem: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    of_kinds = [_article(code, files.pop(code)) for code in KINDS if code in files]
    guides = sorted((_article(slug, source) for slug, source in files.items()), key=lambda article: article.title)
    return {article.slug: article for article in [*of_kinds, *guides]}


def guides() -> list[Article]:
    """The articles that are of no fault kind, by title."""
    return [article for article in articles().values() if article.kind is None]


def article(slug: str) -> Article:
    """The article of this name. Raises ArticleNotFoundError: a name is looked up, and never becomes part of a path."""
    try:
        return articles()[slug]
    except KeyError:
        raise ArticleNotFoundError(slug) from None


def search(query: str, limit: int = 20) -> list[Hit]:
    """The articles in which every word of `query` begins a word, best first.

    A partner's message, pasted whole, leads to the article of its kind, and first of all.
    """
    query = query.strip()[:LONGEST_QUERY]
    quoted = [reading.kind.code for partner in Partner if (reading := read(partner, query))]
    words = re.findall(r"\w+", query.casefold())
    scores = {slug: _score(words, article) for slug, article in articles().items()}
    for code in quoted:
        scores[code] += 1000
    found = sorted((slug for slug, score in scores.items() if score), key=lambda slug: -scores[slug])
    return [Hit(article(slug), _excerpt(article(slug), words)) for slug in found[:limit]]


def _article(slug: str, source: str) -> Article:
    kind = KINDS.get(slug)
    head, body = _split_front_matter(source)
    tokens = _MARKDOWN.parse(body)
    sections = _anchor_headings(tokens)
    html = nh3.clean(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}), tags=TAGS, attributes=ATTRIBUTES)
    return Article(
        slug=slug,
        title=kind.title if kind else head["title"],
        summary=kind.what_happened if kind else head["summary"],
        sections=sections,
        html=mark_safe(html),  # noqa: S308 - cleaned by nh3
        text=" ".join(_plain_text(inline) for inline in _paragraphs(tokens)),
        kind=kind,
    )


def _split_front_matter(source: str) -> tuple[dict[str, str], str]:
    """The `name: value` lines between two lines of dashes at the top, and the rest."""
    if not source.startswith("---\n"):
        return {}, source
    head, _, body = source.removeprefix("---\n").partition("\n---\n")
    pairs = (line.partition(":") for line in head.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}, body


def _anchor_headings(tokens: list[Token]) -> tuple[Section, ...]:
    """Give each second-level heading its anchor, and list them."""
    sections = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            section = Section(re.sub(r"\W+", "-", inline.content.casefold()).strip("-"), inline.content)
            opening.attrSet("id", section.id)
            sections.append(section)
    return tuple(sections)


def _paragraphs(tokens: list[Token]) -> list[Token]:
    """What is read between the headings: these are the same in each article."""
    return [token for before, token in pairwise(tokens) if token.type == "inline" and before.type != "heading_open"]


def _plain_text(inline: Token) -> str:
    """What is read of a paragraph, without its marks."""
    children = inline.children or []
    return "".join(" " if child.type == "softbreak" else child.content for child in children)


def _score(words: list[str], article: Article) -> int:
    """How well the article meets all of the words; 0 where it lacks one."""
    fields = ((article.title, 20), (article.summary, 5), (article.text, 1))
    scores = [
        sum(weight for text, weight in fields if re.search(rf"\b{re.escape(word)}", text.casefold())) for word in words
    ]
    return sum(scores) if all(scores) else 0


def _excerpt(article: Article, words: list[str]) -> str:
    """The article's words round the first place where one of `words` stands; its summary where none does."""
    places = [match.start() for word in words if (match := re.search(rf"\b{re.escape(word)}", article.text.casefold()))]
    if not places:
        return article.summary
    start = max(min(places) - EXCERPT // 3, 0)
    start = article.text.rfind(" ", 0, start) + 1
    end = article.text.find(" ", start + EXCERPT)
    cut = article.text[start : end if end > 0 else None]
    return ("… " if start else "") + cut + (" …" if end > 0 else "")


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
