"""The help centre: an article for each fault kind, guides beside them, and a search over all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.catalogue import KINDS
from faults.help import FOLDER, Article, ArticleNotFoundError, article, articles, guides, search
from syncing.mapping_kinds import KINDS as MAPPINGS
from syncing.settings_pages import PAGES
from syncing.templatetags.navigation import SETTINGS

SECTIONS = [
    "What happened",
    "Why it happens",
    "How to fix it",
    "How to keep it from coming back",
    "What Cloud Depot does meanwhile",
]
GUIDES = {
    "autotask-api-user",
    "connecting-xero",
    "numbering-and-prefixes",
    "how-long-a-new-invoice-takes",
    "service-adjustment-support",
    "your-data",
}

every_article = pytest.mark.parametrize("page", articles().values(), ids=articles())


@pytest.mark.parametrize("code", KINDS)
def test_every_code_has_an_article_with_all_sections(code: str) -> None:
    page = article(code)

    assert [section.title for section in page.sections] == SECTIONS
    assert page.title == KINDS[code].title
    assert page.path == f"/help/faults/{code}/"


@pytest.mark.parametrize("code", KINDS)
def test_no_section_of_an_article_is_empty(code: str) -> None:
    parts = re.split(r"<h2[^>]*>.*?</h2>", article(code).html)

    assert not parts[0].strip()
    assert all(len(re.sub(r"<[^>]+>", "", part).split()) >= 8 for part in parts[1:])


def test_the_guides_are_there_and_name_themselves() -> None:
    assert {guide.slug for guide in guides()} == GUIDES
    assert all(guide.title and guide.summary and guide.path == f"/help/{guide.slug}/" for guide in guides())


@every_article
def test_every_link_between_articles_leads_somewhere(page: Article) -> None:
    paths = {other.path for other in articles().values()}
    links = re.findall(r'href="([^"]+)"', page.html)

    assert all(link in paths or link.startswith("https://") for link in links)


@every_article
def test_no_article_begs_or_blames(page: Article) -> None:
    assert not re.search(r"\b(please|oops|sorry|unfortunately|you forgot|your fault)\b", page.text, re.IGNORECASE)


@every_article
def test_headings_are_anchors(page: Article) -> None:
    assert [section.id for section in page.sections] == re.findall(r'<h2 id="([^"]+)"', page.html)
    assert len({section.id for section in page.sections}) == len(page.sections)


@pytest.mark.parametrize(
    "name",
    [
        "../settings",
        "..%2Fsettings",
        "/etc/passwd",
        "sync-stopped.md",
        "sync-stopped/../unexpected",
        "",
        ".",
        "no\x00pe",
    ],
)
def test_only_the_name_of_an_article_leads_to_one(name: str) -> None:
    with pytest.raises(ArticleNotFoundError):
        article(name)


def test_a_pasted_message_of_xero_leads_to_its_article() -> None:
    hits = search("The current organisation is not subscribed to currency 'EUR'.")
    assert hits[0].article.slug == "currency-not-subscribed"


def test_a_pasted_message_of_autotask_leads_to_its_article() -> None:
    assert search("Thread Threshold Exceeded (Itgenatr005)")[0].article.slug == "autotask-threshold"


def test_a_title_counts_more_than_a_mention() -> None:
    assert search("amounts match")[0].article.slug == "amounts-do-not-match"
    assert search("email address")[0].article.slug == "invalid-email"


def test_every_word_has_to_be_there_and_begins_a_word() -> None:
    found = {hit.article.slug for hit in search("line busin")}

    assert {"autotask-api-user", "no-line-items", "amounts-do-not-match"} <= found
    assert search("business zebra") == []


def test_a_hit_shows_the_words_round_it() -> None:
    hit = next(hit for hit in search("special characters") if hit.article.slug == "autotask-api-user")

    assert "special characters" in hit.excerpt
    assert "**" not in hit.excerpt
    assert len(hit.excerpt) < 250


def test_an_empty_search_finds_nothing() -> None:
    assert search("  ") == []


@given(st.text(max_size=600))
def test_no_search_breaks(query: str) -> None:
    assert len(search(query)) <= 20


def test_markup_in_an_article_is_not_passed_through(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("articles")
    (folder / "trap.md").write_text(
        "---\ntitle: Trap\nsummary: None\n---\n\n"
        "<script>alert(1)</script>\n\n[a](javascript:alert(1)) <b onclick=x>b</b>\n"
    )
    monkeypatch.setattr("faults.help.FOLDER", folder)
    articles.cache_clear()
    try:
        html = article("trap").html
    finally:
        monkeypatch.undo()
        articles.cache_clear()

    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<b " not in html


def test_the_articles_are_files_of_this_package() -> None:
    assert {file.stem for file in FOLDER.glob("*.md")} == set(KINDS) | GUIDES


# Places of Cloud Depot itself, as the articles name them. Those of Autotask and Xero cannot be checked from here.
OF_OTHERS = (
    "General settings",
    "Financial settings",
    "Connected apps",
    "Users",
    "Finance, Accounting",
    "System Settings",
)


@every_article
def test_the_places_that_an_article_names_are_there(page: Article) -> None:
    settings = {f"Sync settings → {one.title}" for one in PAGES}
    mappings = {f"Mappings → {kind.title}" for kind in MAPPINGS.values()} | {"Mappings → Contacts"}
    known = settings | mappings | {label for label, *_ in SETTINGS}
    named = re.findall(r"(?<!& )Settings → ([^<]+)", re.sub(r"\s+", " ", page.html))
    assert [place for place in named if not place.startswith(OF_OTHERS) and place not in known] == []
