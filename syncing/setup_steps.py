"""How far an account is with its set-up: Autotask → Xero → where the books go → preview → start. Resumable: what was
done is told from what is there, whoever did it and in whichever order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone

from syncing import previews
from syncing.change_mappings import change_mappings
from syncing.change_settings import change_settings
from syncing.mapping_kinds import KINDS
from syncing.mapping_table import MappingTable, mapping_table
from syncing.models import Preview, Setup, SyncRun
from syncing.on_demand import request_run
from syncing.partner_lists import PartnerLists
from syncing.settings_pages import SETTINGS, SettingsPage
from tenants.models import Account, AutotaskConnection, XeroConnection

StepName = Literal["autotask", "xero", "books", "preview", "start"]

BOOKS = SettingsPage(
    slug="books",
    title="Where the books go",
    lead="",
    settings=tuple(
        SETTINGS[name]
        for name in ("default_sales_account", "import_status", "numbering", "number_prefix", "tax_mapping")
    ),
)


@dataclass(frozen=True, kw_only=True)
class SetupSteps:
    """What is done of the set-up. `preview` is the latest one over the backlog."""

    setup: Setup
    autotask: AutotaskConnection | None
    xero: XeroConnection | None
    preview: Preview | None

    @property
    def done(self) -> dict[StepName, bool]:
        return {
            "autotask": self.autotask is not None and self.autotask.state == AutotaskConnection.State.CONNECTED,
            "xero": self.xero is not None and self.xero.grant.broken_at is None,
            "books": self._is_since_xero(self.setup.books_at),
            "preview": self.preview is not None
            and self.preview.state == Preview.State.FINISHED
            and self._is_since_xero(self.preview.requested_at),
            "start": self.setup.finished_at is not None,
        }

    @property
    def current(self) -> StepName | None:
        """The first step that is not done; None at the end."""
        return next((name for name, is_done in self.done.items() if not is_done), None)

    def _is_since_xero(self, moment: datetime | None) -> bool:
        """What was settled before another organisation was connected has to be looked at again."""
        return moment is not None and self.xero is not None and moment >= self.xero.connected_at


def setup_steps(account_id: int) -> SetupSteps:
    """In the account's scope."""
    setup, _ = Setup.objects.get_or_create(account_id=account_id)
    connected = XeroConnection.objects.select_related("grant").filter(state=XeroConnection.State.CONNECTED)
    return SetupSteps(
        setup=setup,
        autotask=AutotaskConnection.objects.first(),
        xero=connected.order_by("-connected_at").first(),
        preview=Preview.objects.filter(of_backlog=True).order_by("-id").first(),
    )


def is_being_set_up() -> bool:
    """Whether a person has begun the set-up of this account and not ended it: then they are led back to it."""
    return Setup.objects.filter(finished_at=None).exists()


def settle_books(account: Account, values: dict[str, object], *, take_suggestions: bool, by: str) -> int:
    """Save where the books go; with `take_suggestions` map each billing code that names an account in its external
    number, and has none yet. How many those were."""
    change_settings(account, values, by=by)
    mapped = take_all_suggestions(account.id, by) if take_suggestions else 0
    Setup.objects.filter(account_id=account.id).update(books_at=timezone.now())
    return mapped


def suggestions(account_id: int) -> MappingTable:
    """The billing codes, with the accounts that their external numbers name."""
    return mapping_table(KINDS["billing-codes"], PartnerLists(account_id, anew=False))


def proposed_sales_account(codes: MappingTable) -> str:
    """The account that most billing codes name; "" where none of them names any."""
    named = Counter(row.source.suggestion for row in codes.rows if row.suggestion_name)
    return max(named, key=lambda code: (named[code], code), default="")


def take_all_suggestions(account_id: int, by: str) -> int:
    table = suggestions(account_id)
    wanted = {row.source.key: row.source.suggestion for row in table.suggested}
    return change_mappings(account_id, KINDS["billing-codes"], wanted, by=by, names=table.names)


def wants_setup() -> bool:
    """Whether the account is new: its set-up is begun and not ended, or nothing is connected yet."""
    return is_being_set_up() or not (AutotaskConnection.objects.exists() or XeroConnection.objects.exists())


def begin_preview(account_id: int) -> Preview:
    """A preview of all that would be sent first; the one that is under way, where there is one."""
    living = Preview.objects.filter(of_backlog=True, state__in=previews.LIVING).first()
    return living or previews.new_preview_of_backlog(account_id)


def start_syncing(account: Account, by: str) -> SyncRun:
    """End the set-up: the account goes on by itself from now, and a run is asked for at once."""
    change_settings(account, {"paused": False}, by=by)
    Setup.objects.filter(account_id=account.id).update(finished_at=timezone.now())
    return request_run(account.id)
