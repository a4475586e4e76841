"""What a managed service provider ordinarily bills: services, labour, hardware, block hours, adjustments, credits."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from sandbox.autotask.picklists import BLOCK_PURCHASE, CHARGE, LABOUR, LABOUR_ADJUSTMENT, MILESTONE, RECURRING_SERVICE

from .names import GOODS, PER_SEAT, PER_SITE, PROJECTS, Offer
from .names import LABOUR as LABOUR_OFFERS

Item = dict[str, Any]

TYPES = {
    "Remote Support": LABOUR,
    "On-site Support": LABOUR,
    "Project Work": LABOUR,
    "Hardware": CHARGE,
    "Travel": CHARGE,
    "Block Hours": BLOCK_PURCHASE,
    "Project Milestone": MILESTONE,
}
SCRIPT = "<script>alert('billing')</script>"
"""People paste anything into a description."""


def line(offer: Offer, quantity: Decimal | int, **fields: Any) -> Item:
    """A billing item for so many of an offer."""
    kind = TYPES.get(offer.code, RECURRING_SERVICE)
    return {
        "itemName": offer.name,
        "description": offer.description,
        "billingCodeID": offer.code,
        "quantity": Decimal(quantity),
        "rate": offer.rate,
        "billingItemType": kind,
        "subType": kind,
        **fields,
    }


def recurring(random: Random, seats: int) -> list[Item]:
    """The monthly bill of a company with so many seats, with what a real one has beside the plain lines."""
    items = [line(offer, seats) for offer in PER_SEAT[: random.randint(1, 3)]]
    items += [line(offer, random.randint(1, 3)) for offer in random.sample(PER_SITE, random.randint(1, 3))]
    chance = random.random()
    if chance < 0.2:
        items.append(prorated(random, PER_SEAT[0], -random.randint(1, 3)))
    elif chance < 0.4:
        items.append(prorated(random, PER_SEAT[1], random.randint(1, 4)))
    if random.random() < 0.2:
        items.append({**line(PER_SITE[0], 1), "itemName": "Loyalty discount", "rate": Decimal("-25.00")})
    if random.random() < 0.25:
        items.append({**line(PER_SITE[0], 1), "itemName": "Quarterly review (included)", "rate": Decimal(0)})
    if random.random() < 0.15:
        items.append(covered_by_block_hours(random))
    return items


def prorated(random: Random, offer: Offer, units: int) -> Item:
    """Units that were added to (or taken from) a service in the middle of its month."""
    rate = (offer.rate * random.randint(3, 27) / 30).quantize(Decimal("0.0001"))
    name = f"{offer.name} (pro-rated)"
    return {**line(offer, units), "itemName": name, "rate": rate, "subType": RECURRING_SERVICE + 1,
            "contractServiceAdjustmentID": random.randint(500, 999)}  # fmt: skip


def covered_by_block_hours(random: Random) -> Item:
    """Labour that prepaid hours cover: shown with its hours, and nothing to pay."""
    hours = Decimal(random.randint(2, 20)) / 4
    return line(LABOUR_OFFERS[0], hours, totalAmount=0, extendedPrice=hours * LABOUR_OFFERS[0].rate, contractBlockID=75)


def labour(random: Random) -> list[Item]:
    """Work of some tickets, by the quarter of an hour."""
    items = [
        line(random.choice(LABOUR_OFFERS), Decimal(random.randint(1, 18)) / 4, ticketID=random.randint(20000, 29999))
        for _ in range(random.randint(1, 6))
    ]
    if random.random() < 0.1:
        items[0]["description"] = f"Removed {SCRIPT} from the web site’s comments"
    if random.random() < 0.3:
        items.append(line(GOODS[-1], random.randint(8, 90)))
    return items


def goods(random: Random) -> list[Item]:
    """Hardware that was delivered."""
    return [line(offer, random.randint(1, 4)) for offer in random.sample(GOODS[:-1], random.randint(1, 3))]


def project(random: Random) -> list[Item]:
    """A milestone or a block of hours."""
    return [line(random.choice(PROJECTS), 1, purchaseOrderNumber=f"PO-{random.randint(100, 999)}")]


def credit(random: Random) -> list[Item]:
    """Something given back: returned goods, corrected hours, or goodwill. The invoice's total is negative."""
    choice = random.randrange(3)
    if choice == 0:
        return [line(random.choice(GOODS[:-1]), -1)]
    if choice == 1:
        hours = Decimal(random.randint(1, 8)) / 4
        kind = {"billingItemType": LABOUR_ADJUSTMENT, "subType": LABOUR_ADJUSTMENT}
        return [line(random.choice(LABOUR_OFFERS), -hours, **kind)]
    return [{**line(PER_SITE[0], 1), "itemName": "Goodwill credit", "rate": -Decimal(random.randint(20, 200))}]


def nothing(random: Random) -> list[Item]:
    """Two opposite changes of a service: an invoice of 0.00."""
    added = prorated(random, PER_SEAT[0], 2)
    return [added, {**added, "quantity": -added["quantity"]}]
