"""Leaving the values out of a partner's text, so that one text is one row over all customers. Pure."""

from __future__ import annotations

import re

QUOTES = "'\"`´‘’‚“”„"
LONGEST_TEXT = 2000

# Words that partners write with a capital; any other such word is taken for a name.
WORDS = """
    a an the this that these it you your one no not only each every all any if when please cannot must
    account accounts address allocation amount amounts api attachment autotask balance bank billing branding category
    code codes company contact contacts contactid contactnumber contract credit creditnote creditnoteid currency
    currencyrate customer date description discount document documents due duedate element email endpoint entity error
    exception expense field fields id invalid invoice invoices invoiceid invoicenumber item items itemcode json key
    line lineamount lineamounttypes lineitem lineitems lineitemid name note notes number object option options order
    organisation organization overpayment payment payments period person price product project purchase quantity query
    quote rate reference region repeating resource sales service status system tax taxamount taxtype template theme
    ticket total tracking transaction type unit unitamount unable unexpected unknown url user validation value void
    xero
"""
_WORDS = frozenset(WORDS.split())
_QUOTED = re.compile(rf"(?<!\w)[{QUOTES}].*?[{QUOTES}](?!\w)", re.DOTALL)


def mask(text: str) -> str:
    """`text` with an ellipsis for each value: what is quoted, holds a digit or an @, or looks like a name."""
    words = ["…" if _is_value(word) else word for word in _QUOTED.sub("…", text[:LONGEST_TEXT]).split()]
    kept = [word for word, before in zip(words, ["", *words], strict=False) if not (word == before == "…")]
    return " ".join(kept).rstrip(".")


def _is_value(word: str) -> bool:
    bare = word.strip(".,:;!?()[]")
    if "…" in bare or "@" in bare or "://" in bare or any(character.isdigit() for character in bare):
        return True
    return bare[:1].isupper() and bare.casefold() not in _WORDS
