"""What Autotask tells us, as frozen dataclasses.

Parsing is lenient, because the API is: every field may be missing or null, new fields appear with each release, numbers
arrive as strings now and then. What cannot be read becomes the field's empty value; only a record without an id is
refused. Money and quantities are `Decimal`, in the customer's currency. Date-only fields are dates (midnight UTC on the
wire, never converted to a local day); moments are aware datetimes in UTC.

A field's name on the wire is its own in camel case, with `ID` for `id`, unless `Wire` names another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, TypeVar, get_args, get_origin, get_type_hints

from syncing.autotask import values

Reader = Callable[[Any], Any]


class Record(Protocol):
    """What all records have: the entity they are rows of, and an id that is unique in it."""

    ENTITY: ClassVar[str]

    @property
    def id(self) -> int: ...


RecordType = TypeVar("RecordType", bound=Record)


class Wire(NamedTuple):
    """Marks a field that goes by another name on the wire, or is read in a way of its own."""

    name: str
    read: Reader | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/Entities/InvoicesEntity.htm"""

    ENTITY: ClassVar[str] = "Invoices"

    id: int
    number: Annotated[str, Wire("invoiceNumber")] = ""  # empty until Autotask, or a person, gives one
    company_id: int | None = None
    created_at: Annotated[dt.datetime | None, Wire("createDateTime")] = None
    date: Annotated[dt.date | None, Wire("invoiceDateTime")] = None
    due_date: dt.date | None = None
    total: Annotated[Decimal, Wire("invoiceTotal")] = Decimal(0)  # net or gross, told from the account's own data
    tax: Annotated[Decimal, Wire("totalTaxValue")] = Decimal(0)
    is_voided: bool = False
    voided_at: Annotated[dt.datetime | None, Wire("voidedDate")] = None
    batch_id: int | None = None
    order_number: str = ""
    payment_term: int | None = None
    template_id: Annotated[int | None, Wire("invoiceEditorTemplateID")] = None
    tax_region_name: str = ""
    comments: str = ""
    from_date: dt.date | None = None
    to_date: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingItem:
    """https://ww1.autotask.net/help/DeveloperHelp/Content/APIs/REST/Entities/BillingItemsEntity.htm

    `total_amount` is what the customer pays for the line; quantity × rate need not give it (block hours, discounts).
    """

    ENTITY: ClassVar[str] = "BillingItems"

    id: int
    invoice_id: int | None = None
    company_id: int | None = None
    type: Annotated[int | None, Wire("billingItemType")] = None  # a picklist
    sub_type: int | None = None
    billing_code_id: int | None = None
    tax_category_id: int | None = None
    name: Annotated[str, Wire("itemName")] = ""
    description: str = ""
    full_description: Annotated[str, Wire("lineItemFullDescription")] = ""
    group_description: Annotated[str, Wire("lineItemGroupDescription")] = ""
    quantity: Decimal = Decimal(0)
    rate: Decimal = Decimal(0)
    total_amount: Decimal = Decimal(0)
    tax: Annotated[Decimal, Wire("taxDollars")] = Decimal(0)
    date: Annotated[dt.date | None, Wire("itemDate")] = None
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
    sort_order: Annotated[int, Wire("sortOrderID")] = 0
    non_billable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    ENTITY: ClassVar[str] = "Companies"

    id: int
    name: Annotated[str, Wire("companyName")] = ""
    number: Annotated[str, Wire("companyNumber")] = ""
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
    bill_to_address1: Annotated[str, Wire("billingAddress1")] = ""
    bill_to_address2: Annotated[str, Wire("billingAddress2")] = ""
    bill_to_city: str = ""
    bill_to_state: str = ""
    bill_to_postal_code: Annotated[str, Wire("billToZipCode")] = ""
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
    email: Annotated[str, Wire("emailAddress")] = ""
    phone: str = ""
    mobile_phone: str = ""
    is_active: bool = True  # an integer 0/1 on the wire
    is_primary: Annotated[bool, Wire("primaryContact")] = False
    is_billing: Annotated[bool, Wire("billingContact")] = False
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
    region_id: Annotated[int | None, Wire("taxRegionID")] = None
    category_id: Annotated[int | None, Wire("taxCategoryID")] = None
    name: Annotated[str, Wire("taxName")] = ""
    rate: Annotated[Decimal, Wire("taxRate", values.tax_rate)] = Decimal(0)
    is_compounded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    ENTITY: ClassVar[str] = "Currencies"

    id: int
    code: Annotated[str, Wire("name")] = ""
    is_active: bool = True
    is_internal: Annotated[bool, Wire("isInternalCurrency")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    ENTITY: ClassVar[str] = "Countries"

    id: int
    code: Annotated[str, Wire("countryCode")] = ""
    name: Annotated[str, Wire("displayName")] = ""


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
    level1_id: Annotated[int | None, Wire("organizationalLevel1ID")] = None
    level2_id: Annotated[int | None, Wire("organizationalLevel2ID")] = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalResource:
    """Which resources (the API user among them) belong to which line of business."""

    ENTITY: ClassVar[str] = "OrganizationalResources"

    id: int
    organizational_level_association_id: int | None = None
    resource_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A person, or an API user, of the Autotask database."""

    ENTITY: ClassVar[str] = "Resources"

    id: int
    user_name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    ENTITY: ClassVar[str] = "Contracts"

    id: int
    name: Annotated[str, Wire("contractName")] = ""
    description: str = ""
    bill_to_company_id: int | None = None
    bill_to_contact_id: Annotated[int | None, Wire("billToCompanyContactID")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    ENTITY: ClassVar[str] = "Services"

    id: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceBundle:
    ENTITY: ClassVar[str] = "ServiceBundles"

    id: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    ENTITY: ClassVar[str] = "Tickets"

    id: int
    number: Annotated[str, Wire("ticketNumber")] = ""
    title: str = ""
    company_location_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    ENTITY: ClassVar[str] = "Projects"

    id: int
    name: Annotated[str, Wire("projectName")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCharge:
    """A charge is the only way from a billing item to the product that it sells; so are the two below."""

    ENTITY: ClassVar[str] = "TicketCharges"

    id: int
    product_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCharge:
    ENTITY: ClassVar[str] = "ProjectCharges"

    id: int
    product_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractCharge:
    ENTITY: ClassVar[str] = "ContractCharges"

    id: int
    product_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    ENTITY: ClassVar[str] = "Products"

    id: int
    name: str = ""
    description: str = ""
    sku: str = ""
    internal_product_id: Annotated[str, Wire("internalProductID")] = ""
    external_product_id: Annotated[str, Wire("externalProductID")] = ""
    manufacturer_product_name: str = ""
    unit_price: Decimal = Decimal(0)


def parse_record(record_type: type[RecordType], data: Any) -> RecordType:
    """The record that `data`, one object of an answer, describes.

    Raises ValueError where it is no object or has no usable id.
    """
    if not isinstance(data, dict):
        raise ValueError(f"one of the {record_type.ENTITY} is no object")
    found: dict[str, Any] = {}
    for name, wire_name, read in _layout(record_type):
        value = data.get(wire_name)
        if value is not None and (value := read(value)) is not None:
            found[name] = value
    if "id" not in found:
        raise ValueError(f"one of the {record_type.ENTITY} has no id")
    return record_type(**found)


def wire_names(record_type: type[Record]) -> dict[str, str]:
    """The names of a record's fields → their names on the wire."""
    return {name: wire_name for name, wire_name, _ in _layout(record_type)}


@cache
def _layout(record_type: type[Record]) -> tuple[tuple[str, str, Reader], ...]:
    """Each field's name, its name on the wire, and what reads its value."""
    hints = get_type_hints(record_type, include_extras=True)
    return tuple((name, *_wire(name, hint)) for name, hint in hints.items() if get_origin(hint) is not ClassVar)


def _wire(name: str, hint: Any) -> tuple[str, Reader]:
    """A field's name on the wire, and what reads a value of its type (or of its type `| None`)."""
    mark = Wire(_camel_case(name))
    if get_origin(hint) is Annotated:
        hint, mark = get_args(hint)
    kind = hint if hint in READERS else get_args(hint)[0]
    return mark.name, mark.read or READERS[kind]


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join("ID" if word == "id" else word.capitalize() for word in others)


READERS: dict[Any, Reader] = {
    str: values.text,
    int: values.whole,
    Decimal: values.amount,
    bool: values.flag,
    dt.date: values.day,
    dt.datetime: values.moment,
    dict[str, str]: values.user_defined,
}
