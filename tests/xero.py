"""What tests of the Xero client share."""

from __future__ import annotations

from typing import Any

from tests.world import XeroOrganisation


class Tokens:
    """The tokens of a grant that is made without a browser; a refused one is replaced by a new grant."""

    def __init__(self, organisation: XeroOrganisation, **fields: Any) -> None:
        self.organisation = organisation
        self.fields = fields
        self.rejected: list[str] = []
        self.token = self._grant()

    def access_token(self, rejected: str | None = None) -> str:
        if rejected == self.token:
            self.rejected.append(rejected)
            self.token = self._grant()
        return self.token

    def _grant(self) -> str:
        return str(self.organisation.grant(**self.fields)["access_token"])
