"""The forms of the sandbox's pages, sent as a browser sends them: with everything that stands in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

from tests.world import SandboxWorld

Attributes = list[tuple[str, str | None]]


@dataclass
class Form:
    """A form as it stands: where it goes, and what would be sent. Boxes that are not ticked are in `unticked`."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    unticked: list[str] = field(default_factory=list)

    def tick(self, *names: str) -> None:
        self.fields.update(dict.fromkeys(names, "on"))

    def untick(self, name: str) -> None:
        del self.fields[name]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.select = ""

    def handle_starttag(self, tag: str, attributes: Attributes) -> None:
        has = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(has.get("action", "")))
        elif tag == "input" and "name" in has:
            self._input(has)
        elif tag == "select":
            self.select = has["name"]
        elif tag == "option" and self.select and ("selected" in has or self.select not in self.forms[-1].fields):
            self.forms[-1].fields[self.select] = has.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""

    def _input(self, has: dict[str, str]) -> None:
        form = self.forms[-1]
        if has.get("type") == "checkbox" and "checked" not in has:
            form.unticked.append(has["name"])
        else:
            form.fields[has["name"]] = has.get("value", "on" if has.get("type") == "checkbox" else "")


def forms_of(sandbox: SandboxWorld, path: str) -> list[Form]:
    """The forms of a page, from top to bottom."""
    answer = sandbox.session.get(sandbox.base_url + path, timeout=30)
    assert answer.status_code == 200, answer.text
    reader = _Reader()
    reader.feed(answer.text)
    return reader.forms


def send(sandbox: SandboxWorld, form: Form) -> str:
    """Press the form's button; what the page says was done. Fails where it says that something is wrong."""
    answer = sandbox.session.post(sandbox.base_url + form.action, data=form.fields, allow_redirects=False, timeout=30)
    assert answer.status_code == 303, answer.text
    said = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert "done" in said, said
    return said["done"][0]
