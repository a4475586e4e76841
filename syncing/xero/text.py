"""Text as Xero takes it. Autotask allows anything: control characters, megabytes of text, half a surrogate pair."""

from __future__ import annotations

import re

ELLIPSIS = "…"
LONGEST_NAME = 255
# What XML 1.0, and so Xero, refuses, and the controls that nobody can see. Tab and line feed stay; so do the joiners of
# emoji and the marks of right-to-left text.
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BLANKS = re.compile(r"\s+")
_ANGLES = re.compile("[<>]")


def clean(text: str, longest: int) -> str:
    """`text` without what Xero refuses, and at most `longest` characters long, cut with an ellipsis."""
    # No need to read more than this of a text of megabytes; a few refused characters more or less do not matter.
    text = text[: longest * 4].replace("\r\n", "\n").replace("\r", "\n")
    return shorten(_REFUSED.sub("", text).strip(), longest)


def clean_line(text: str, longest: int) -> str:
    """`text` as one line: each run of blanks and line ends is one blank."""
    return clean(_BLANKS.sub(" ", text[: longest * 4]), longest)


def contact_name(text: str) -> str:
    """A contact's name: no angle brackets, no blanks around it, none doubled. May come out empty.

    https://developer.xero.com/documentation/api/accounting/contacts
    """
    return clean_line(_ANGLES.sub("", _REFUSED.sub("", text[: LONGEST_NAME * 4])), LONGEST_NAME)


def shorten(text: str, longest: int) -> str:
    """`text` cut to `longest` UTF-16 units, by which Xero counts; an emoji is two and is never cut in half."""
    if len(text) * 2 <= longest or (len(text) <= longest and text.isascii()):
        return text
    units = text.encode("utf-16-le")
    if len(units) <= longest * 2:
        return text
    return units[: (longest - 1) * 2].decode("utf-16-le", "ignore").rstrip() + ELLIPSIS
