"""The yardstick, a flow as it is built in a general automation tool: for each invoice a contact call, an invoice call.

``python -m benchmarks.naive_flow JSON`` does one run of it, in a process that can be killed. It waits for a limit as
long as Xero asks, on the sandbox's clock, and tells at its end how long that was.

`memory` is what it knows of earlier runs: "none" begins anew, "seen" remembers at once what its trigger has handed
over, "done" notes each invoice once it is through.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import requests

from tests.control import Control

PAGE = 500


class Flow:
    """One run. `given` are the addresses and credentials of both partners, and the file that is its memory."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.memory = Path(given["memory_file"])
        self.world = Control(given["base_url"])
        self.session = requests.Session()
        self.waited = 0.0

    def run(self) -> None:
        done = set(json.loads(self.memory.read_text())) if self.memory.exists() else set()
        invoices = [invoice for invoice in self._query("Invoices", "id", "gt", 0) if invoice["id"] not in done]
        if self.given["memory"] == "seen":
            self._remember(done | {invoice["id"] for invoice in invoices})
        for invoice in invoices:
            self._carry(invoice)
            if self.given["memory"] == "done":
                done.add(invoice["id"])
                self._remember(done)

    def _carry(self, invoice: dict[str, Any]) -> None:
        company = self._query("Companies", "id", "eq", invoice["companyID"])[0]
        items = self._query("BillingItems", "invoiceID", "eq", invoice["id"])
        contact = self._post("Contacts", {"Name": company["companyName"]})
        lines = [
            {
                "Description": item["itemName"],
                "Quantity": item["quantity"],
                "UnitAmount": item["rate"],
                "AccountCode": "200",
            }
            for item in items
        ]
        document = {"Type": "ACCREC", "Contact": {"ContactID": contact["ContactID"]}, "LineItems": lines}
        self._post("Invoices", {**document, "Reference": str(invoice["id"]), "Status": "DRAFT"})

    def _remember(self, ids: set[int]) -> None:
        draft = self.memory.with_suffix(".new")
        draft.write_text(json.dumps(sorted(ids)))
        draft.replace(self.memory)

    def _query(self, entity: str, field: str, operator: str, value: int) -> list[dict[str, Any]]:
        """All rows, page by page."""
        found: list[dict[str, Any]] = []
        while True:
            conditions = [{"op": operator, "field": field, "value": value}]
            if found:
                conditions.append({"op": "gt", "field": "id", "value": found[-1]["id"]})
            url = f"{self.given['autotask_url']}V1.0/{entity}/query"
            body = {"MaxRecords": PAGE, "filter": conditions}
            rows = self._send("POST", url, self.given["autotask_headers"], body)["items"]
            found += rows
            if len(rows) < PAGE:
                return found

    def _post(self, endpoint: str, element: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.given['base_url']}/api.xro/2.0/{endpoint}"
        answer: dict[str, Any] = self._send("POST", url, self.given["xero_headers"], {endpoint: [element]})
        return dict(answer[endpoint][0])

    def _send(self, method: str, url: str, headers: dict[str, str], body: Any) -> Any:
        while True:
            answer = self.session.request(method, url, headers=headers, json=body, timeout=60)
            if answer.status_code == 401:
                headers["Authorization"] = f"Bearer {self._new_token()}"
                continue
            if answer.status_code != 429:
                answer.raise_for_status()
                return answer.json()
            wait = float(answer.headers["Retry-After"])
            self.world.call("POST", "/clock/advance", {"seconds": wait})
            self.waited += wait

    def _new_token(self) -> str:
        """As the tool's own connection to Xero renews it."""
        token: str = self.world.call("POST", **self.given["grant"])["access_token"]
        return token


if __name__ == "__main__":
    flow = Flow(json.loads(sys.argv[1]))
    flow.run()
    print(json.dumps({"waited": flow.waited}))
