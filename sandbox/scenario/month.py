"""The month: ordinary business, its troubles, and the answer that tells of both."""

from __future__ import annotations

from collections import Counter
from typing import Any

from aiohttp import web

from sandbox.world import World

from . import bills, faults, names
from .names import AUSTRALIA, BRITAIN, HOME
from .plan import Plan, plan_of

SUBSCRIBED = ("AUD", "GBP")
ORDINARY_BILLS = (bills.labour,) * 5 + (bills.goods,) * 2 + (bills.project,)

TRANSIENT: tuple[dict[str, Any], ...] = (
    # Twice: a new token is asked for at once, and only where that one is refused too does anybody see it.
    {"code": "access-token-expired", "rule": {"partner": "xero", "kind": "expire_tokens", "method": "PUT", "times": 2}},
    # A dropped connection comes to the same as a time-out, without a minute's wait.
    {"code": "autotask-timeout", "rule": {"partner": "autotask", "kind": "drop_before", "method": "POST", "times": 1}},
    # Of Autotask, whose first call a run makes alone: two troubles that strike at once show as one.
    {"code": "service-unavailable", "rule": {"partner": "autotask", "kind": "outage", "method": "POST", "times": 1}},
    {"code": "xero-unreachable", "rule": {"partner": "xero", "kind": "drop_before", "times": 1}},
)
"""Trouble of the network, by the code it leads to; it is soon over."""


def make_month(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    """Make the month; the answer (see the package). Raises ``LookupError`` or ``ValueError`` for what is not there."""
    plan = plan_of(world, request, body)
    lines_of_business = list(plan.database.lines_of_business())
    if not lines_of_business:
        raise ValueError("the database needs lines of business: one of them is hidden from its API user")
    for code in SUBSCRIBED:
        plan.hand.add("Currencies", {"Code": code})
    ordinary_business(plan)
    faults.add_cases(plan, lines_of_business[-1])
    plan.carry_out()
    plan.database.set_lines_of_business(list(plan.database.lines_of_business().values())[:-1])
    if body.get("trouble"):
        for trouble in TRANSIENT:
            world.trouble.add(**trouble["rule"])
    summary = _summary(plan)
    plan.database.cases += summary["faults"]
    return {"seed": int(body.get("seed", 1)), "today": plan.now.date(), **summary}


def ordinary_business(plan: Plan) -> None:
    """Companies that are billed without trouble; every third is known to Xero already, by its name."""
    places = (
        (names.NEW_ZEALAND_COMPANIES, HOME),
        (names.AUSTRALIAN_COMPANIES, AUSTRALIA),
        (names.BRITISH_COMPANIES, BRITAIN),
        (names.WRITTEN_OTHERWISE, HOME),
    )
    companies = [(name, place) for known, place in places for name in known]
    for order, (name, place) in enumerate(companies):
        company = plan.company(name, place)
        if order % 3 == 0:
            plan.hand.add("Contacts", {"Name": name})
        plan.bill(company, bills.recurring(plan.random, plan.random.randint(4, 80)))
        for _ in range(plan.random.randint(3, 5)):
            plan.bill(company, plan.random.choice(ORDINARY_BILLS)(plan.random), orderNumber=_order_number(plan))
        if order % 2 == 0:
            plan.bill(company, bills.credit(plan.random))
        if order % 40 == 20:
            plan.bill(company, bills.nothing(plan.random))


def _order_number(plan: Plan) -> str:
    return f"PO-{plan.random.randint(1000, 9999)}" if plan.random.random() < 0.2 else ""


def _summary(plan: Plan) -> dict[str, Any]:
    rows = [bill.row for bill in plan.bills]
    companies = plan.database.table("Companies").rows
    currency = {row["id"]: row["name"] for row in plan.database.table("Currencies").rows.values()}
    return {
        "autotask_database": plan.database.id,
        "xero_organisation": plan.hand.organisation.id,
        "companies": len({bill.company_id for bill in plan.bills}),
        "documents": len(rows),
        "invoices": sum(1 for row in rows if row["invoiceTotal"] >= 0),
        "credit_notes": sum(1 for row in rows if row["invoiceTotal"] < 0),
        "currencies": dict(Counter(currency[companies[row["companyID"]]["currencyID"]] for row in rows)),
        "supposes": "Autotask's invoice numbers are used in Xero",
        "faults": [case.describe(plan.database) for case in plan.cases],
        "transient": [dict(trouble) for trouble in TRANSIENT],
    }
