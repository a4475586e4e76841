"""Whom an invoice is for: which contact of which Autotask company, and what the Xero contact is matched and made with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDetails:
    """What to match, or to create, the Xero contact with. Texts are clean: Xero takes them as they are, within its lengths.

    `company_id` and `contact_id` are Autotask's. `number` is our key in Xero, ``AT-<database>-<company id>``.
    """

    company_id: int
    number: str
    name: str
    contact_id: int | None = None
    account_number: str = ""  # companyNumber
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    tax_number: str = ""
    attention_to: str = ""
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
