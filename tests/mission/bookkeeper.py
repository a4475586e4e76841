"""What a bookkeeper does about a fault, through the API: read it, re-sync what is behind it, see that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.api import Api
from tests.connected import ConnectedAccount


@dataclass(frozen=True)
class Bookkeeper:
    """One account and its API. Documents are named by their Autotask ids."""

    connected: ConnectedAccount
    api: Api

    def fault(self, code: str) -> Any:
        """The one living fault of this kind."""
        _, page = self.api.get("/faults", code=code, state="open,retrying")
        [fault] = page["results"]
        return fault

    def living_codes(self) -> list[str]:
        """The kinds of all that is not over, each as often as it stands."""
        _, page = self.api.get("/faults", state="open,retrying")
        return sorted(fault["code"] for fault in page["results"])

    def state_of(self, fault: Any) -> str:
        _, fault = self.api.get(f"/faults/{fault['id']}")
        return str(fault["state"])

    def resync(self, fault: Any) -> None:
        """The button of the fault's page, and the run that it asks for."""
        status, _ = self.api.post(f"/faults/{fault['id']}/resync")
        assert status == 202
        self.connected.sync()

    def document(self, autotask_id: int) -> Any:
        row = self.connected.document(autotask_id)
        _, document = self.api.get(f"/documents/{row.id}")
        return document

    def assert_arrived_once(self, *autotask_ids: int) -> None:
        """Each is in Xero, is one document there, and was created by one write."""
        documents = [self.document(autotask_id) for autotask_id in autotask_ids]
        assert [document["state"] for document in documents] == ["synced"] * len(documents)
        assert [document["faults"] for document in documents] == [[]] * len(documents)
        ids = {document["xero"]["id"] for document in documents}
        assert len(ids) == len(documents)
        created = self.connected.autotask.world.ledger("xero", organisation=self.connected.xero.id).created()
        for identifier in ids:
            assert [write["id"] for write in created].count(identifier) == 1

    def assert_mended(self, fault: Any, *autotask_ids: int) -> None:
        """The fault is over, and what was behind it arrived."""
        assert self.state_of(fault) == "resolved"
        self.assert_arrived_once(*autotask_ids)
