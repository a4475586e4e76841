"""What stands for Autotask's things in Xero: lists that are read page by page and replaced as a whole.

A mapping is a row's shape, what of it is unique, and where its names are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from syncing.api.fields import Identifier, StrictSerializer
from syncing.api.pagination import CursorPage
from syncing.api.problems import Conflict
from syncing.api.views import AccountView
from syncing.choices import Choices
from syncing.models import (
    BillingCodeMapping,
    BrandingMapping,
    ContactLink,
    ItemMapping,
    TaxMapping,
    TrackingMapping,
)
from syncing.partners import fed_organisation
from syncing.replace_mappings import replace_mappings
from tenants.models import XeroConnection
from tenants.permissions import Permission

MOST_ROWS = 20_000

Row = dict[str, Any]
Unknown = Callable[[Choices, set[Any]], set[Any]]


class MappingPage(CursorPage):
    ordering = "id"
    page_size = 200
    max_page_size = 1000
    page_size_query_description = "How many to a page: 200 unless told, 1,000 at most."


class MappingView(ListModelMixin, AccountView):
    """One kind of mapping. `key` names the columns that are unique together; `looked_up`, which must be known where."""

    permissions: ClassVar = {"PUT": Permission.CHANGE_SETTINGS}
    is_paged = True
    takes_list = True
    pagination_class = MappingPage

    key: ClassVar[tuple[str, ...]]
    looked_up: ClassVar[Mapping[str, Unknown]]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The mappings."""
        return self.list(request)

    def put(self, request: Request) -> Response:
        """Replace them by this list: all of it, or, where a row is wrong, nothing. Answers with its first page."""
        serializer = self.get_serializer(data=request.data, many=True, max_length=MOST_ROWS)
        serializer.is_valid(raise_exception=True)
        rows: list[Row] = serializer.validated_data
        self._refuse_twice(rows)
        self._refuse_unknown(rows)
        self.replace(rows)
        return self.list(request)

    def replace(self, rows: list[Row]) -> None:
        replace_mappings(self.account.id, self.get_queryset(), self.key, rows)

    @cached_property
    def choices(self) -> Choices:
        return Choices(self.account.id)

    def _refuse_twice(self, rows: list[Row]) -> None:
        keys = [tuple(row[name] for name in self.key) for row in rows]
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        twice = {
            str(index): {self.key[0]: [ErrorDetail(f"This is row {first[key]} again.", code="twice")]}
            for index, key in enumerate(keys)
            if first[key] != index
        }
        if twice:
            raise ValidationError(twice)

    def _refuse_unknown(self, rows: list[Row]) -> None:
        """What stands already is not questioned: it may since have gone from the other side."""
        if not rows:
            return
        columns = list(rows[0])
        standing = set(self.get_queryset().values_list(*columns))
        changed = {index: row for index, row in enumerate(rows) if tuple(row.values()) not in standing}
        errors: dict[str, Row] = {}
        for name, unknown in self.looked_up.items():
            values = unknown(self.choices, {row[name] for row in changed.values() if row[name] is not None})
            for index, row in changed.items():
                if row[name] in values:
                    words = f"There is no {row[name]} to choose, or it is no longer active."
                    errors.setdefault(str(index), {})[name] = [ErrorDetail(words, code="unknown")]
        if errors:
            raise ValidationError(errors)


class BillingCodeRow(StrictSerializer):
    billing_code_id = Identifier()
    account_code = serializers.CharField(max_length=10, help_text="Of a sales account in Xero.")


class BillingCodes(MappingView):
    queryset = BillingCodeMapping.objects.all()
    serializer_class = BillingCodeRow
    key = ("billing_code_id",)
    looked_up = {"billing_code_id": Choices.unknown_billing_codes, "account_code": Choices.unknown_accounts}


class TaxRateRow(StrictSerializer):
    tax_region_id = Identifier()
    tax_category_id = Identifier(allow_null=True, default=None, help_text="null stands for all of the region.")
    tax_type = serializers.CharField(max_length=50, help_text="Xero's TaxType.")


class TaxRates(MappingView):
    queryset = TaxMapping.objects.all()
    serializer_class = TaxRateRow
    key = ("tax_region_id", "tax_category_id")
    looked_up = {
        "tax_region_id": Choices.unknown_tax_regions,
        "tax_category_id": Choices.unknown_tax_categories,
        "tax_type": Choices.unknown_tax_types,
    }


class BrandingRow(StrictSerializer):
    template_id = Identifier(help_text="Of an Autotask invoice template.")
    theme_id = serializers.UUIDField(help_text="Xero's BrandingThemeID.")


class Branding(MappingView):
    queryset = BrandingMapping.objects.all()
    serializer_class = BrandingRow
    key = ("template_id",)
    looked_up = {"template_id": Choices.unknown_templates, "theme_id": Choices.unknown_themes}


class TrackingRow(StrictSerializer):
    source = serializers.ChoiceField(TrackingMapping.Source.choices)  # type: ignore[assignment]
    source_id = Identifier(help_text="Of a line of business: its association id.")
    category_id = serializers.UUIDField(help_text="Xero's TrackingCategoryID.")
    option_id = serializers.UUIDField(help_text="Xero's TrackingOptionID.")


class Tracking(MappingView):
    queryset = TrackingMapping.objects.all()
    serializer_class = TrackingRow
    key = ("source", "source_id")
    looked_up = {"option_id": Choices.unknown_tracking_options}


class ItemRow(StrictSerializer):
    source = serializers.ChoiceField(ItemMapping.Source.choices)  # type: ignore[assignment]
    source_id = Identifier()
    item_code = serializers.CharField(max_length=30, help_text="Of a Xero item.")


class Items(MappingView):
    queryset = ItemMapping.objects.all()
    serializer_class = ItemRow
    key = ("source", "source_id")
    looked_up: ClassVar = {}


class ContactRow(StrictSerializer):
    company_id = Identifier(help_text="Of an Autotask company.")
    contact_id = serializers.UUIDField(help_text="Xero's ContactID.")
    contact_name = serializers.CharField(read_only=True)
    rule = serializers.CharField(
        read_only=True, help_text="How it was found: number, account_number, name, created, merged, person."
    )
    linked_at = serializers.DateTimeField(read_only=True)


class Contacts(MappingView):
    """Which contact of the organisation a company is billed as. A company without a link is matched by the next run."""

    queryset = ContactLink.objects.all()
    serializer_class = ContactRow
    key = ("company_id",)
    looked_up = {"company_id": Choices.unknown_companies, "contact_id": Choices.unknown_contacts}

    def get_queryset(self) -> QuerySet[ContactLink]:
        return ContactLink.objects.filter(organisation=self.organisation)

    def replace(self, rows: list[Row]) -> None:
        if self.organisation is None:
            raise Conflict("Connect Xero first: a link is with a contact of an organisation.")
        names = self.choices.names_of_contacts()
        named = [
            {**row, **({"contact_name": names[key]} if (key := row["contact_id"]) in names else {})} for row in rows
        ]
        of_changed = {"organisation_id": self.organisation.id, "rule": "person", "linked_at": timezone.now()}
        replace_mappings(self.account.id, self.get_queryset(), self.key, named, of_changed=of_changed)

    @cached_property
    def organisation(self) -> XeroConnection | None:
        return fed_organisation()
