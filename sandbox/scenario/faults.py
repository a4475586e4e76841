"""What goes wrong in the month of billing: each trouble of the everyday, with its cause and the way to mend it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.autotask import billing
from sandbox.xero.documents import INVOICE

from .bills import goods, labour, line, recurring
from .names import AMERICA, GOODS, LABOUR, PER_SEAT, PER_SITE
from .plan import Plan, step

MONTH_SECONDS = 30 * 24 * 3600


def add_cases(plan: Plan, hidden_line_of_business: str) -> None:
    """Plan every trouble. ``hidden_line_of_business`` is the one that the API user is not associated with."""
    no_valid_contact(plan)
    taken_numbers(plan)
    currency_not_subscribed(plan)
    hidden_lines(plan, hidden_line_of_business)
    unfinished_billing_run(plan)
    combined_service_adjustment(plan)
    invalid_email(plan)
    empty_number(plan)
    nothing_to_carry(plan)


def no_valid_contact(plan: Plan) -> None:
    """A company whose only contact has left, and one with two contacts of which neither is the one for bills."""
    left = plan.company("Pūkeko Plumbing", email=None)
    contact = plan.contact(left, "Tom Reed", "tom@pukekoplumbing.example", active=False)
    path = plan.autotask
    plan.case(
        "no-valid-contact",
        "Pūkeko Plumbing has one contact, and it is inactive.",
        "On the company’s page, make Tom Reed active again, or add a contact.",
        bills=[plan.bill(left, labour(plan.random)), plan.bill(left, recurring(plan.random, 6))],
        page=lambda: f"{path}/companies/{left}",
        steps=lambda: [step("PATCH", f"{path}/Contacts/{contact}", isActive=1)],
    )
    torn = plan.company("Ruru Security", email=None)
    first = plan.contact(torn, "Mia Stone", "mia@rurusecurity.example")
    plan.contact(torn, "Zac Stone", "zac@rurusecurity.example")
    plan.case(
        "no-valid-contact",
        "Ruru Security has two active contacts, and neither is marked for billing.",
        "On the company’s page, mark one of them as the billing contact.",
        bills=[plan.bill(torn, recurring(plan.random, 9))],
        page=lambda: f"{path}/companies/{torn}",
        steps=lambda: [step("PATCH", f"{path}/Contacts/{first}", billingContact=True)],
    )


def taken_numbers(plan: Plan) -> None:
    """Invoices whose number somebody used in Xero already: paid in part, voided, or still a draft."""
    kinds = (
        ("document-locked-by-payment", "Tūī Travel", "AUTHORISED", "with a payment on it"),
        ("invoice-not-modifiable", "Weka Workwear", "VOIDED", "which is voided"),
        ("duplicate-number", "Moa Media", "DRAFT", "a draft that somebody else made"),
    )
    for code, name, status, state in kinds:
        plan.case(
            code,
            f"Xero holds an invoice of the same number for {name}, {state}.",
            "On the page of that Xero invoice, give it another number. (Or give the Autotask invoice another one.)",
            **_taken_number(plan, name, status),
        )


def _taken_number(plan: Plan, name: str, status: str) -> dict[str, Any]:
    bill = plan.bill(plan.company(name), recurring(plan.random, 8))

    def number() -> str:
        return str(bill.row["invoiceNumber"])

    plan.afterwards.append(lambda: _invoice_in_xero(plan, name, number(), status))
    return {
        "bills": [bill],
        "page": lambda: f"{plan.xero}/invoices/{plan.hand.document(INVOICE, number()).id}",
        "steps": lambda: [step("PATCH", f"{plan.xero}/Invoices/{number()}", InvoiceNumber=f"{number()}-OLD")],
    }


def _invoice_in_xero(plan: Plan, contact: str, number: str, status: str) -> None:
    hand = plan.hand
    hand.add("Contacts", {"Name": contact})
    lines = [{"Description": "Entered by hand", "Quantity": 1, "UnitAmount": Decimal("480.00")}]
    row = {"Contact": {"Name": contact}, "InvoiceNumber": number, "Status": status, "LineItems": lines}
    hand.add("Invoices", {**row, "Date": plan.now.date().isoformat()})
    if status == "AUTHORISED":
        hand.pay(hand.document(INVOICE, number), Decimal("100.00"))


def currency_not_subscribed(plan: Plan) -> None:
    """Two American customers: Xero has not been told of US dollars."""
    plan.hand.organisation.currencies.pop("USD", None)
    bills = [
        plan.bill(company, items(plan.random))
        for company, count in (
            (plan.company("Cascade Analytics Inc.", AMERICA), 3),
            (plan.company("Pacific Rim Traders LLC", AMERICA), 2),
        )
        for items in [labour] * count
    ]
    plan.case(
        "currency-not-subscribed",
        "Xero is not subscribed to USD, the currency of Cascade Analytics Inc. and Pacific Rim Traders LLC.",
        "On Xero’s settings page, add USD. One cause, five invoices.",
        bills=bills,
        page=lambda: f"{plan.xero}/settings",
        steps=lambda: [step("POST", f"{plan.xero}/Currencies", Code="USD")],
    )


def hidden_lines(plan: Plan, line_of_business: str) -> None:
    """The API user is not associated with one line of business, so some lines are missing, and once all of them."""
    hidden = {"organizationalLevelAssociationID": line_of_business}
    bills = []
    for name in ("Kea Kitchens", "Takahē Timber", "Pōhutukawa Physio"):
        items = recurring(plan.random, 10) + [{**item, **hidden} for item in goods(plan.random)]
        bills.append(plan.bill(plan.company(name), items))
    empty = plan.bill(plan.company("Kākā Cafés"), [{**item, **hidden} for item in goods(plan.random)])
    mending: dict[str, Any] = {
        "page": lambda: f"{plan.autotask}/access",
        "steps": lambda: [step("PUT", f"{plan.autotask}/api_user", lines_of_business="all")],
    }
    mend = f"On the page of the API user, tick the line of business “{line_of_business}”."
    cause = f"lines of the line of business “{line_of_business}”, which the API user may not see."
    plan.case("amounts-do-not-match", f"These invoices hold {cause}", mend, bills=bills, **mending)
    plan.case("no-line-items", f"The invoice holds only {cause}", mend, bills=[empty], **mending)


def unfinished_billing_run(plan: Plan) -> None:
    """One invoice whose lines never came, and a fresh one whose second line comes in a minute and a half."""
    company = plan.company("Fantail Films")
    stuck = plan.bill(company, [line(PER_SEAT[0], 12), line(PER_SITE[0], 2, appears_after=MONTH_SECONDS)], days=1.5)
    plan.case(
        "amounts-do-not-match",
        "The billing run was broken off: one line was never attached to the invoice.",
        "On the page of the Autotask invoice, choose “Finish the billing run”.",
        bills=[stuck],
        page=lambda: f"{plan.autotask}/invoices/{stuck.row['id']}",
        steps=lambda: [step("POST", f"{plan.autotask}/finish")],
    )
    young = plan.bill(
        plan.company("Bellbird Books"), [line(PER_SEAT[0], 5), line(PER_SITE[2], 1, appears_after=90)], days=0
    )
    plan.case(
        "amounts-do-not-match",
        "The billing run is still at work: the second line appears a minute and a half after the first.",
        "Nothing: it is read again later.",
        bills=[young],
        heals_itself=True,
    )


def combined_service_adjustment(plan: Plan) -> None:
    """−2 × 10.00 that comes to +35.00, since Autotask combined several adjustments; beside it a plain one."""
    adjustment = {**line(PER_SEAT[0], -2), "itemName": "Managed workstation (adjustments)", "rate": Decimal("10.00")}
    plain = plan.company("Kiwi Kayaks")
    plan.bill(plain, [*recurring(plan.random, 7), adjustment])
    combined = plan.bill(
        plan.company("Kārearea Couriers"),
        [line(PER_SEAT[0], 20), {**adjustment, "totalAmount": Decimal("35.00"), "contractServiceAdjustmentID": 812}],
    )
    plan.case(
        "amounts-do-not-match",
        "One line combines several service adjustments: −2 × 10.00 with a total of +35.00.",
        "Nothing in Autotask or Xero: the account needs service adjustment support, which its support desk turns on.",
        bills=[combined],
        page=lambda: f"{plan.autotask}/invoices/{combined.row['id']}",
    )


def invalid_email(plan: Plan) -> None:
    """Autotask keeps any text as an e-mail address; Xero does not."""
    company = plan.company("Korimako Kindergarten", email=None)
    contact = plan.contact(company, "Ada Wells", "ada.wells(at)korimako.example", billing=True)
    plan.case(
        "invalid-email",
        "The billing contact’s e-mail address is “ada.wells(at)korimako.example”.",
        "On the company’s page, correct the address.",
        bills=[plan.bill(company, recurring(plan.random, 4)), plan.bill(company, labour(plan.random))],
        page=lambda: f"{plan.autotask}/companies/{company}",
        steps=lambda: [step("PATCH", f"{plan.autotask}/Contacts/{contact}", emailAddress="ada.wells@korimako.example")],
    )


def empty_number(plan: Plan) -> None:
    """An invoice that never got its number, and a fresh one whose number comes in five minutes."""
    bill = plan.bill(plan.company("Tīeke Tiles"), labour(plan.random), invoiceNumber=None)
    plan.case(
        "invoice-number-empty",
        "Autotask gave the invoice no number.",
        "On the page of the Autotask invoice, give it a number.",
        bills=[bill],
        page=lambda: f"{plan.autotask}/invoices/{bill.row['id']}",
        steps=lambda: [
            step("PATCH", f"{plan.autotask}/Invoices/{bill.row['id']}", invoiceNumber=f"M-{bill.row['id']}")
        ],
    )
    young = plan.bill(plan.company("Pīwakawaka Print"), [line(LABOUR[0], 3)], days=0, number_after=300)
    plan.case(
        "invoice-number-empty",
        "Autotask numbers this fresh invoice only five minutes from now.",
        "Nothing: it waits for its number.",
        bills=[young],
        heals_itself=True,
    )


def nothing_to_carry(plan: Plan) -> None:
    """An invoice of nothing at all, and one that was voided before anybody looked."""
    company = plan.company("Huia Homes")
    plan.case(
        "no-line-items",
        "The invoice has no line and a total of 0.00.",
        "Nothing: it is passed over.",
        bills=[plan.bill(company, [])],
        heals_itself=True,
    )
    voided = plan.bill(company, [line(GOODS[2], 1)], days=5)
    plan.afterwards.append(lambda: billing.void(plan.database, voided.row["id"]))
