"""The work of a round's account: what its bookkeepers do in Autotask before each run."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from syncing import queue
from syncing.models import Document
from tenants.models import XeroGrant
from tests.connected import ConnectedAccount, connect
from tests.world import Row, SandboxWorld, item

TAX = Decimal("0.15")


@dataclass(frozen=True)
class Known:
    """A bill of one line that is in Xero: its id and its line's."""

    invoice_id: int
    line_id: int
    sign: int


@dataclass
class Work:
    """An account, and what there is to do in it: new bills, changed ones, voided ones."""

    account: ConnectedAccount
    chance: random.Random
    to_change: list[Known] = field(default_factory=list)
    to_void: list[int] = field(default_factory=list)
    days: int = 0

    @classmethod
    def of_new_account(cls, world: SandboxWorld, seed: int, numbering: str, days: int) -> Work:
        """An account whose first run brings to Xero what so many `days` of work will change and void."""
        account = connect(world)
        account.change_settings(numbering=numbering, write_back_number=numbering == "xero", void_sync=True)
        work = cls(account, random.Random(seed))
        company = account.pair.company_id
        bills = account.autotask.bill_many([work._bill(company, sign, 1) for sign in (1, -1, 1, -1) + (1,) * days])
        line_of = {row["invoiceID"]: row["id"] for row in account.autotask.rows("BillingItems")}
        ids = [row["id"] for row in bills]
        work.to_change = [Known(id_, line_of[id_], sign) for id_, sign in zip(ids, (1, -1, 1, -1), strict=False)]
        work.to_void = ids[4:]
        return work

    def do_a_day(self, bills: int = 0) -> None:
        """Two bills and two credits, half of them for a company that Xero lacks; one of each changed; one voided.

        And so many more `bills`: over 50 of them go to Xero in several calls.
        """
        autotask = self.account.autotask
        self.days += 1
        companies = (self.account.pair.company_id, autotask.add_company(f"Kauri Dental {self.days}"))
        autotask.bill_many(
            [self._bill(company, sign, self.chance.randint(1, 3)) for company in companies for sign in (1, -1)]
            + [self._bill(companies[0], 1, 1) for _ in range(bills)]
        )
        invoice, credit, *others = self.to_change
        self.to_change = [*others, invoice, credit]
        for known in (invoice, credit):
            self._change(known)
        if self.to_void:
            autotask.void(self.to_void.pop())

    def let_the_token_end(self) -> None:
        """The access token is over, as after half an hour."""
        XeroGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1), refreshed_at=None)

    def _bill(self, company_id: int, sign: int, lines: int) -> Row:
        return {"companyID": company_id, "items": [item(sign * self._amount()) for _ in range(lines)]}

    def _amount(self) -> Decimal:
        return Decimal(self.chance.randint(100, 99_999)) / 100

    def _change(self, known: Known) -> None:
        """Another price, and totals to fit, as un-posting and posting again leaves them; then a person asks for it.

        What is being sent, or checked with Xero, cannot be asked for; it stays as it is.
        """
        with self.account.scope():
            document = Document.objects.filter(autotask_id=known.invoice_id)
            asked = queue.ask_again(document)
        if not asked:
            return
        autotask = self.account.autotask
        total = known.sign * self._amount()
        tax = (total * TAX).quantize(Decimal("0.0001"))
        autotask.patch("BillingItems", known.line_id, rate=total, totalAmount=total, taxDollars=tax)
        autotask.patch("Invoices", known.invoice_id, invoiceTotal=total, totalTaxValue=tax)
