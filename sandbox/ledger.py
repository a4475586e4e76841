"""What the sandbox was sent: each request, each document or contact created or changed, each limit broken."""

from __future__ import annotations

from typing import Any

from .clock import Clock

Row = dict[str, Any]


class Ledger:
    """Three growing lists. Rows are plain dicts, as ``GET /sandbox/ledger`` shows them.

    * a request: ``n, at, partner, organisation|database, method, path, query, status, bytes_in, bytes_out`` and, where
      they apply, ``idempotency_key, replayed, trouble``; ``status`` is null where the connection was dropped;
    * a write: ``n`` (of its request), ``at, partner, organisation|database, endpoint, id, number, body`` and ``action``
      (created | updated | deleted);
    * a breach: ``n, at, partner, organisation|database, limit``.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget everything and number from 1 again."""
        self.requests: list[Row] = []
        self.writes: list[Row] = []
        self.breaches: list[Row] = []

    def request(self, partner: str, method: str, path: str, query: str, bytes_in: int) -> Row:
        """Open the row of a request that has just arrived; the answer's part is filled in later."""
        row: Row = {
            "n": len(self.requests) + 1,
            "at": self.clock.now(),
            "partner": partner,
            "method": method,
            "path": path,
            "query": query,
            "status": None,
            "bytes_in": bytes_in,
            "bytes_out": 0,
        }
        self.requests.append(row)
        return row

    def wrote(
        self,
        request: Row | None,
        *,
        endpoint: str,
        identifier: str | int,
        number: str | None,
        action: str,
        body: Any,
        **where: Any,
    ) -> None:
        """One thing was created, updated or deleted; ``where`` is ``organisation=`` or ``database=``.

        ``request`` is None where it was done through the control API.
        """
        self.writes.append(
            {
                "n": request and request["n"],
                "at": self.clock.now(),
                "partner": request["partner"] if request else "control",
                **where,
                "endpoint": endpoint,
                "id": identifier,
                "number": number,
                "action": action,
                "body": body,
            }
        )

    def broke(self, request: Row, limit: str, **where: Any) -> None:
        """A limit was broken by this request; ``where`` is ``organisation=`` or ``database=``."""
        self.breaches.append(
            {"n": request["n"], "at": self.clock.now(), "partner": request["partner"], **where, "limit": limit}
        )

    def read(
        self, partner: str | None = None, organisation: str | None = None, database: str | None = None, since_n: int = 0
    ) -> dict[str, list[Row]]:
        """The three lists, filtered. ``since_n``: only what came with a request after that number."""

        def wanted(row: Row) -> bool:
            return (
                (row["n"] or 0) > since_n
                and (partner is None or row["partner"] == partner)
                and (organisation is None or row.get("organisation") == organisation)
                and (database is None or str(row.get("database")) == database)
            )

        lists = {"requests": self.requests, "writes": self.writes, "breaches": self.breaches}
        if since_n == 0 and partner is organisation is database is None:
            return lists
        return {name: [row for row in rows if wanted(row)] for name, rows in lists.items()}
