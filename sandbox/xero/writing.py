"""Writing many elements at once: each is judged alone, and ``summarizeErrors`` only decides how the answer looks.

Without ``summarizeErrors=false`` one refused element makes the answer a 400 that lists only the refused ones, although
the others were saved: https://github.com/XeroAPI/Xero-Java/issues/171
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from . import refusals
from .answers import answer
from .guard import Call
from .query import flag
from .wire import Row, Unreadable, messages, rows_of


class Invalid(Exception):  # noqa: N818
    """An element that is refused: its messages, and the element as it is echoed."""

    def __init__(self, texts: list[str], echo: Row) -> None:
        super().__init__("; ".join(texts))
        self.texts = texts
        self.echo = echo


def elements(call: Call, plural: str) -> list[Row]:
    """The posted elements: ``{"Invoices": [...]}``, or one bare element."""
    body = call.json()
    if not isinstance(body, dict):
        raise Unreadable("An object was expected.")
    return rows_of(body[plural]) if plural in body else [body]


def write_each(call: Call, plural: str, rows: list[Row], write: Callable[[Row], Row], failed_flag: str) -> web.Response:
    """Save what can be saved, and answer as ``summarizeErrors`` asks.

    ``failed_flag`` is ``HasErrors`` or ``HasValidationErrors``. ``write`` gives the saved element as it is echoed,
    with its ``Warnings`` where there are any, and raises ``Invalid``.
    """
    if not rows:
        raise refusals.bad_post_data("No elements were posted.")
    echoes: list[Row] = []
    refused: list[Row] = []
    for row in rows:
        try:
            echo = write(row)
        except Invalid as why:
            echo = {**why.echo, failed_flag: True, "StatusAttributeString": "ERROR"}
            echo["ValidationErrors"] = messages(why.texts)
            refused.append(echo)
        else:
            echo[failed_flag] = False
            echo["StatusAttributeString"] = "WARNING" if echo.get("Warnings") else "OK"
        echoes.append(echo)
    if refused and flag(call.query, "summarizeErrors", default=True):
        raise refusals.invalid(refused)
    return answer(call, plural, echoes)
