"""What every page shares: templates, how things are written, and how a form is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.world import World

HERE = Path(__file__).parent
ROWS_TO_A_PAGE = 100

Show = Callable[[web.Request], Awaitable[web.StreamResponse]]
Do = Callable[[web.Request, Mapping[str, str]], str]


def money(value: Any) -> str:
    """An amount with thousands apart and its own decimals, at least two."""
    if not isinstance(value, Decimal | int):
        return "" if value is None else str(value)
    places = max(2, -int(Decimal(value).normalize().as_tuple().exponent))
    return f"{value:,.{places}f}".replace("-", "−")


def number(value: Any) -> str:
    """A quantity without needless zeros."""
    if not isinstance(value, Decimal | int):
        return "" if value is None else str(value)
    return f"{Decimal(value).normalize():f}".replace("-", "−")


def day(value: Any) -> str:
    """A date, also of a moment and of either's text."""
    return str(value)[:10] if value else ""


def moment(value: Any) -> str:
    """A moment to the second."""
    text = value.isoformat() if isinstance(value, datetime) else str(value or "")
    return text.replace("T", " ")[:19]


@dataclass(frozen=True)
class Extract:
    """One page of a longer list."""

    rows: Sequence[Any]
    total: int
    page: int
    pages: int


def extract(rows: Sequence[Any], request: web.Request) -> Extract:
    """The page of rows that ``?page=`` asks for."""
    pages = max(1, -(-len(rows) // ROWS_TO_A_PAGE))
    asked = request.query.get("page", "1")
    page = min(max(1, int(asked) if asked.isdigit() else 1), pages)
    start = (page - 1) * ROWS_TO_A_PAGE
    return Extract(rows[start : start + ROWS_TO_A_PAGE], len(rows), page, pages)


def searched(request: web.Request) -> str:
    """What the search box holds, in small letters."""
    return request.query.get("q", "").strip().casefold()


class Site:
    """Pages over a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters.update(money=money, number=number, day=day, moment=moment)

    def render(self, request: web.Request, template: str, **values: Any) -> web.Response:
        """A page."""
        text = self.templates.get_template(template).render(
            world=self.world,
            path=request.path,
            q=request.query.get("q", ""),
            done=request.query.get("done", ""),
            problem=request.query.get("problem", ""),
            **values,
        )
        return web.Response(text=text, content_type="text/html")

    def add_style(self, app: web.Application) -> None:
        """The style sheet."""
        css = (HERE / "style.css").read_text()

        async def style(_: web.Request) -> web.Response:
            return web.Response(text=css, content_type="text/css", headers={"Cache-Control": "no-cache"})

        app.router.add_get("/style.css", style)

    def page(self, app: web.Application, path: str, show: Show) -> None:
        """Add a page; what is not there is a 404."""

        async def respond(request: web.Request) -> web.StreamResponse:
            try:
                return await show(request)
            except LookupError:
                raise web.HTTPNotFound(text="This is not in the sandbox (any more).") from None

        app.router.add_get(path, respond)

    def form(self, app: web.Application, path: str, do: Do, back: str) -> None:
        """Add a form's target. ``do`` gives the sentence that says what was done; then it is back to the page.

        ``back`` is the page's address, filled from the form's address.
        """

        async def respond(request: web.Request) -> web.StreamResponse:
            sent = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
            try:
                said = {"done": do(request, sent)}
            except (ValueError, TypeError, ArithmeticError, LookupError) as mistake:
                said = {"problem": str(mistake) or "That did not work."}
            raise web.HTTPSeeOther(f"{back.format(**request.match_info)}?{urlencode(said)}")

        app.router.add_post(path, respond)
