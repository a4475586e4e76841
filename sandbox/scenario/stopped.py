"""A small customer whose sync stops: Autotask locks its API user, and what is billed since then stays there."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.autotask import control
from sandbox.world import World

from . import bills, names
from .plan import Plan, plan_of, step

DAYS_LOCKED = 2.0


def stop_sync(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    """Bill what nobody carries, lock the API user; the answer is the month's, as far as there is one."""
    plan = plan_of(world, request, body)
    for name in names.SOUTHERN_COMPANIES:
        company = plan.company(name)
        plan.bill(company, bills.recurring(plan.random, 6), days=plan.random.uniform(0.1, DAYS_LOCKED))
        plan.bill(company, bills.labour(plan.random), days=plan.random.uniform(0.1, DAYS_LOCKED))
    _locked_user(plan)
    plan.carry_out()
    control.set_api_user(plan.database, locked=True)
    faults = [case.describe(plan.database) for case in plan.cases]
    plan.database.cases += faults
    return {"autotask_database": plan.database.id, "xero_organisation": plan.hand.organisation.id, "faults": faults}


def _locked_user(plan: Plan) -> None:
    plan.case(
        "sync-stopped",
        "Autotask locked the API user two days ago, so nothing can be read.",
        "On the page of the API user, untick “Locked”. Then choose “Sync now” in Cloud Depot.",
        bills=plan.bills,
        page=lambda: f"{plan.autotask}/access",
        steps=lambda: [step("PUT", f"{plan.autotask}/api_user", locked=False)],
    )
