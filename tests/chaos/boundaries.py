"""The steps of a run between which a worker may die, each by the engine's function that ends it."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import Any

from syncing.models import Delivery


@dataclass(frozen=True)
class Boundary:
    """A moment of the engine's run: `function` (qualified) of the module `syncing.<module>`, as it ends or `begins`.

    `write`: of a write to Xero, its method and endpoint. `only`: with these numbers alone, where a run comes by it.
    """

    module: str
    function: str
    begins: bool = False
    write: tuple[str, str] | None = None
    only: str = ""

    def watch(self, met: Callable[[], None]) -> None:
        """Call `met` whenever this process comes by, from now on."""
        owner = import_module(f"syncing.{self.module}")
        *classes, name = self.function.split(".")
        for each in classes:
            owner = getattr(owner, each)
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.begins and self.write in (None, _write_of(*args)):
                met()
            result = original(*args, **kwargs)
            if not self.begins and self.write in (None, _write_of(result, *args)):
                met()
            return result

        setattr(owner, name, watched)
        for module in [module for key, module in sys.modules.items() if key.startswith("syncing")]:
            if getattr(module, name, None) is original:  # imported from there by its name
                setattr(module, name, watched)


class AnyMoment(Boundary):
    """Whenever a function of the engine is left: thousands of moments in a run."""

    def watch(self, met: Callable[[], None]) -> None:
        def profile(frame: FrameType, event: str, _: Any) -> None:
            if event == "return" and "/syncing/" in frame.f_code.co_filename:
                met()

        threading.setprofile(profile)
        sys.setprofile(profile)


def _write_of(*values: Any) -> tuple[str, str] | None:
    """The write that a function of the engine is about, by the delivery that it takes or gives."""
    return next(((value.method, value.endpoint) for value in values if isinstance(value, Delivery)), None)


# What a run writes, in its order.
WRITES = {
    "update of invoices": ("POST", "Invoices"),
    "update of credit notes": ("POST", "CreditNotes"),
    "new invoices": ("PUT", "Invoices"),
    "new credit notes": ("PUT", "CreditNotes"),
}


def _each_write(name: str, module: str, function: str, *, begins: bool = False) -> dict[str, Boundary]:
    return {f"{name} ({what})": Boundary(module, function, begins, write) for what, write in WRITES.items()}


# In the order of a run.
BOUNDARIES = {
    "run made, no lease yet": Boundary("lease", "take_lease", begins=True),
    "lease taken": Boundary("lease", "take_lease"),
    "invoices stored, cursor not moved": Boundary("discover", "_store"),
    "discovered": Boundary("discover", "discover"),
    "claimed": Boundary("queue", "claim"),
    "gathered": Boundary("gather", "Gatherer.gather"),
    "translated and checked": Boundary("prepare", "prepare"),
    "contacts made, links not kept": Boundary("xero.client", "XeroClient.save_contacts"),
    "contacts known": Boundary("contacts", "find_or_create_contacts"),
    **_each_write("delivery committed, not sent", "deliver", "_open_delivery"),
    **_each_write("written by Xero, not noted", "deliver", "_settle_replies", begins=True),
    "settling, not committed": Boundary("settle", "_rewrite_blockers"),
    **_each_write("settled", "settle", "settle"),
    "voided by Xero, not noted": Boundary("void", "_mark_voided", begins=True),
    "voided": Boundary("void", "void_in_xero"),
    "number written back, not noted": Boundary("autotask.client", "AutotaskClient.update_invoice", only="xero"),
    "before finishing": Boundary("engine", "_finish", begins=True),
    "finished, lease held": Boundary("engine", "_finish"),
}
# In the life after a crash, when the outcome of the first write is being found out.
BOUNDARIES_OF_RECOVERY = {
    "open delivery taken over": Boundary("uncertain", "_take_over"),
    "replayed or looked up": Boundary("uncertain", "resolve_uncertain"),
}
AT_ANY_MOMENT = "any moment"
ALL = {**BOUNDARIES, **BOUNDARIES_OF_RECOVERY, AT_ANY_MOMENT: AnyMoment("", "")}


def boundaries_with(numbering: str) -> list[str]:
    """The names of those that a run with these numbers comes by, in its order."""
    return [name for name, boundary in BOUNDARIES.items() if boundary.only in ("", numbering)]
