"""What the stand-in Autotask answers, held against the partner's own API description where that is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.autotask_calls import call, query
from tests.world import AutotaskDatabase, SandboxWorld, item

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"

MODELS = {
    "Invoices": "InvoiceModel",
    "BillingItems": "BillingItemModel",
    "Companies": "CompanyModel",
    "Contacts": "ContactModel",
    "CompanyLocations": "CompanyLocationModel",
    "BillingCodes": "BillingCodeModel",
    "TaxRegions": "TaxRegionModel",
    "TaxCategories": "TaxCategoryModel",
    "Taxes": "TaxModel",
    "Currencies": "CurrencyModel",
    "Countries": "CountryModel",
    "PaymentTerms": "PaymentTermModel",
    "InvoiceTemplates": "InvoiceTemplateModel",
    "OrganizationalLevel1s": "OrganizationalLevel1Model",
    "OrganizationalLevel2s": "OrganizationalLevel2Model",
    "OrganizationalLevelAssociations": "OrganizationalLevelAssociationModel",
    "OrganizationalResources": "OrganizationalResourceModel",
    "Resources": "ResourceModel",
}
TYPES = {"integer": int, "number": int | float, "string": str, "boolean": bool, "array": list}


@pytest.fixture(scope="module")
def swagger() -> Any:
    file = SPECS / "autotask_swagger.json"
    if not file.exists():
        pytest.skip(f"the partner's API description is not here: {file}")
    return json.loads(file.read_text())


@pytest.fixture
def database(sandbox: SandboxWorld) -> AutotaskDatabase:
    database = sandbox.create_autotask()
    company = database.add_company("Acme")
    database.add("CompanyLocations", companyID=company, name="Head office")
    database.bill(company, [item("52.7775", line_of_business="Projects")])
    return database


@pytest.mark.parametrize(("entity", "model"), MODELS.items())
def test_every_field_answered_is_in_the_description_with_its_type(
    swagger: Any, database: AutotaskDatabase, entity: str, model: str
) -> None:
    described = swagger["definitions"][model]["properties"]
    rows = query(database, entity).json()["items"]
    assert rows
    for row in rows:
        assert row.keys() <= described.keys()
        for name, value in row.items():
            if value is not None:
                assert isinstance(value, TYPES[described[name]["type"]]), (name, value)
                assert isinstance(value, bool) == (described[name]["type"] == "boolean"), (name, value)


@pytest.mark.parametrize("entity", ["Invoices", "BillingItems", "Companies", "Contacts", "BillingCodes", "Currencies"])
def test_the_fields_metadata_says_what_was_captured_from_the_partner(database: AutotaskDatabase, entity: str) -> None:
    file = SPECS / "autotask_fields.json"
    if not file.exists():
        pytest.skip(f"the capture of the partner's field flags is not here: {file}")
    captured = {row["name"]: row for row in json.loads(file.read_text())["entities"][entity]["fields"]}
    told = {row["name"]: row for row in call(database, "GET", f"{entity}/entityInformation/fields").json()["fields"]}
    assert told.keys() == captured.keys() - {"userDefinedFields", "soapParentPropertyId"}
    flags = {"isReadOnly": "readOnly", "isRequired": "required", "isQueryable": "queryable", "isPickList": "picklist"}
    for name, row in told.items():
        for ours, theirs in flags.items():
            if captured[name][theirs] is not None:
                assert row[ours] == captured[name][theirs], (name, ours)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("ThresholdInformation", "ThresholdStatusResultModel"),
        ("Invoices/entityInformation", "EntityInformationResultModel"),
        ("Invoices/entityInformation/fields", "FieldInformationResultModel"),
        ("Companies/entityInformation/userDefinedFields", "UserDefinedFieldInformationResultModel"),
        ("Companies/175/invoiceSettings", "AccountInvoiceSettingsResultModel"),
    ],
)
def test_metadata_has_the_described_shape(swagger: Any, database: AutotaskDatabase, path: str, model: str) -> None:
    _conforms(swagger, swagger["definitions"][model], call(database, "GET", path).json())


def test_picklist_values_are_told_as_strings(database: AutotaskDatabase) -> None:
    fields = call(database, "GET", "BillingItems/entityInformation/fields").json()["fields"]
    types = next(field for field in fields if field["name"] == "billingItemType")
    labels = {choice["value"]: choice["label"] for choice in types["picklistValues"]}
    assert labels["1"] == "Labor"
    assert labels["2"] == "Labor Adjustment"


def test_an_entity_without_user_defined_fields_has_no_metadata_for_them(database: AutotaskDatabase) -> None:
    assert call(database, "GET", "Invoices/entityInformation/userDefinedFields").status_code == 404


def _conforms(swagger: Any, schema: Any, value: Any) -> None:
    """Every name is described and every value has its type."""
    if "$ref" in schema:
        schema = swagger["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    if value is None or (schema.get("type") == "object" and not schema.get("properties")):
        return
    if schema.get("type") == "array":
        for entry in value:
            _conforms(swagger, schema["items"], entry)
    elif "properties" in schema:
        assert value.keys() <= schema["properties"].keys()
        for name, entry in value.items():
            _conforms(swagger, schema["properties"][name], entry)
    else:
        assert isinstance(value, TYPES[schema["type"]]), value
