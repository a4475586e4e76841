"""What Autotask tells us, as frozen dataclasses.

Parsing is lenient, because the API is: every field may be missing or null, new fields appear with each release, numbers
arrive as strings now and then. What cannot be read becomes the field's empty value; only a record without an id is refused.
Money and quantities are `Decimal`, in the customer's currency. Date-only fields are dates (midnight UTC on the wire, never
converted to a local day); moments are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/Entities/InvoicesEntity.htm"""

    ENTITY: ClassVar[str] = "Invoices"

    id: int
    number: str = ""  # invoiceNumber; empty until Autotask, or a person, gives one
    company_id: int | None = None
    created_at: datetime | None = None  # createDateTime
    date: date | None = None  # invoiceDateTime
    due_date: date | None = None
    total: Decimal = Decimal(0)  # invoiceTotal; net or gross, told from the account's own data
    tax: Decimal = Decimal(0)  # totalTaxValue
    is_voided: bool = False
    voided_at: datetime | None = None  # voidedDate
    batch_id: int | None = None
    order_number: str = ""
    payment_term: int | None = None
    template_id: int | None = None  # invoiceEditorTemplateID
    tax_region_name: str = ""
    comments: str = ""
    from_date: date | None = None
    to_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingItem:
    """https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/Entities/BillingItemsEntity.htm

    `total_amount` is what the customer pays for the line; quantity × rate need not give it (block hours, discounts).
    """

    ENTITY: ClassVar[str] = "BillingItems"

    id: int
    invoice_id: int | None = None
    company_id: int | None = None
    type: int | None = None  # billingItemType, a picklist
    sub_type: int | None = None
    billing_code_id: int | None = None
    tax_category_id: int | None = None
    name: str = ""  # itemName
    description: str = ""
    full_description: str = ""  # lineItemFullDescription
    group_description: str = ""  # lineItemGroupDescription
    quantity: Decimal = Decimal(0)
    rate: Decimal = Decimal(0)
    total_amount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)  # taxDollars
    date: date | None = None  # itemDate
    organizational_level_association_id: int | None = None
    contract_id: int | None = None
    ticket_id: int | None = None
    project_id: int | None = None
    service_id: int | None = None
    service_bundle_id: int | None = None
    role_id: int | None = None
    contract_service_adjustment_id: int | None = None
    contract_service_bundle_adjustment_id: int | None = None
    ticket_charge_id: int | None = None
    project_charge_id: int | None = None
    contract_charge_id: int | None = None
    purchase_order_number: str = ""
    sort_order: int = 0  # sortOrderID
    non_billable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    ENTITY: ClassVar[str] = "Companies"

    id: int
    name: str = ""  # companyName
    number: str = ""  # companyNumber
    is_active: bool = True
    parent_company_id: int | None = None
    currency_id: int | None = None
    tax_region_id: int | None = None
    is_tax_exempt: bool = False
    tax_id: str = ""
    territory_id: int | None = None
    phone: str = ""
    web_address: str = ""
    invoice_template_id: int | None = None
    bill_to_attention: str = ""
    bill_to_address1: str = ""  # billingAddress1
    bill_to_address2: str = ""  # billingAddress2
    bill_to_city: str = ""
    bill_to_state: str = ""
    bill_to_postal_code: str = ""  # billToZipCode
    bill_to_country_id: int | None = None
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country_id: int | None = None
    user_defined_fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    ENTITY: ClassVar[str] = "Contacts"

    id: int
    company_id: int | None = None
    first_name: str = ""
    last_name: str = ""
    email: str = ""  # emailAddress
    phone: str = ""
    mobile_phone: str = ""
    is_active: bool = True  # an integer 0/1 on the wire
    is_primary: bool = False  # primaryContact
    is_billing: bool = False  # billingContact
    user_defined_fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyLocation:
    ENTITY: ClassVar[str] = "CompanyLocations"

    id: int
    company_id: int | None = None
    name: str = ""
    is_active: bool = True
    is_primary: bool = False
    is_tax_exempt: bool = False
    override_company_tax_settings: bool = False
    tax_region_id: int | None = None
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingCode:
    ENTITY: ClassVar[str] = "BillingCodes"

    id: int
    name: str = ""
    description: str = ""
    external_number: str = ""
    is_active: bool = True
    tax_category_id: int | None = None
    use_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRegion:
    ENTITY: ClassVar[str] = "TaxRegions"

    id: int
    name: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxCategory:
    ENTITY: ClassVar[str] = "TaxCategories"

    id: int
    name: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """A cell of region × category. `rate` is a fraction (0.15), whichever scale the wire used."""

    ENTITY: ClassVar[str] = "Taxes"

    id: int
    region_id: int | None = None
    category_id: int | None = None
    name: str = ""
    rate: Decimal = Decimal(0)
    is_compounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    ENTITY: ClassVar[str] = "Currencies"

    id: int
    code: str = ""  # name on the wire
    is_active: bool = True
    is_internal: bool = False  # isInternalCurrency


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    ENTITY: ClassVar[str] = "Countries"

    id: int
    code: str = ""
    name: str = ""  # displayName


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTemplate:
    ENTITY: ClassVar[str] = "InvoiceTemplates"

    id: int
    name: str = ""
    payment_terms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalLevel1:
    ENTITY: ClassVar[str] = "OrganizationalLevel1s"

    id: int
    name: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalLevel2:
    """A line of business (tenants may have renamed it)."""

    ENTITY: ClassVar[str] = "OrganizationalLevel2s"

    id: int
    name: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalLevelAssociation:
    ENTITY: ClassVar[str] = "OrganizationalLevelAssociations"

    id: int
    level1_id: int | None = None  # organizationalLevel1ID
    level2_id: int | None = None  # organizationalLevel2ID
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalResource:
    """Which resources (the API user among them) belong to which line of business."""

    ENTITY: ClassVar[str] = "OrganizationalResources"

    id: int
    organizational_level_association_id: int | None = None
    resource_id: int | None = None


def parse_record(record_type: type[Any], data: dict[str, Any]) -> Any:
    """The record that `data`, one object of an answer, describes; ValueError where it has no usable id."""
    raise ValueError
