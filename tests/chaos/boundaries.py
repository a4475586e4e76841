"""The steps of a run between which a worker may die, each by the engine's function that ends it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Boundary:
    """A moment of the engine's run: `function` (qualified) of the module `file`, as it is entered or left."""

    file: str
    function: str
    event: str = "return"

    def is_here(self, filename: str, qualname: str, event: str) -> bool:
        return event == self.event and qualname == self.function and filename.endswith(f"/syncing/{self.file}")


class AnyMoment(Boundary):
    """Whenever a function of the engine is left: thousands of moments in a run."""

    def is_here(self, filename: str, qualname: str, event: str) -> bool:
        return event == self.event and "/syncing/" in filename


# In the order of a run. Those of stages that write happen several times: for updates, invoices and credit notes.
BOUNDARIES = {
    "lease taken": Boundary("lease.py", "take_lease"),
    "invoices stored, cursor not moved": Boundary("discover.py", "_store"),
    "discovered": Boundary("discover.py", "discover"),
    "claimed": Boundary("queue.py", "claim"),
    "gathered": Boundary("gather.py", "Gatherer.gather"),
    "translated and checked": Boundary("prepare.py", "prepare"),
    "contacts made, links not kept": Boundary("xero/client.py", "XeroClient.save_contacts"),
    "contacts known": Boundary("contacts.py", "find_or_create_contacts"),
    "delivery committed, not sent": Boundary("deliver.py", "_open_delivery"),
    "written by Xero, not noted": Boundary("deliver.py", "send"),
    "settling, not committed": Boundary("settle.py", "_update_documents"),
    "settled": Boundary("settle.py", "settle"),
    "number written back, not noted": Boundary("autotask/client.py", "AutotaskClient.update_invoice"),
    "before finishing": Boundary("engine.py", "_finish", "call"),
    "finished, lease held": Boundary("engine.py", "_finish"),
}
# In the life after a crash, when the outcome of the first write is being found out.
BOUNDARIES_OF_RECOVERY = {
    "open delivery taken over": Boundary("uncertain.py", "_take_over"),
    "replayed or looked up": Boundary("uncertain.py", "resolve_uncertain"),
}
AT_ANY_MOMENT = "any moment"
ALL = {**BOUNDARIES, **BOUNDARIES_OF_RECOVERY, AT_ANY_MOMENT: AnyMoment("", "")}
