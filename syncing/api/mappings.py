"""What stands for Autotask's things in Xero: lists that are read page by page and replaced as a whole.

A mapping is a row's shape, what of it is unique, and where its names are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from syncing.api.fields import Identifier, StrictSerializer
from syncing.api.pagination import CursorPage
from syncing.api.problems import Conflict
from syncing.api.views import AccountView
from syncing.change_mappings import change_mappings
from syncing.choices import Choices
from syncing.contact_links import ContactLinks
from syncing.mapping_kinds import KINDS, MappingKind
from syncing.mapping_table import mapping_table
from syncing.models import ContactLink, ItemMapping, TrackingMapping
from syncing.partner_lists import PartnerLists
from syncing.partners import fed_organisation
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
    """One kind of mapping; `looked_up` tells which of its columns must be known where."""

    permissions: ClassVar = {"PUT": Permission.CHANGE_SETTINGS}
    is_paged = True
    takes_list = True
    pagination_class = MappingPage

    slug: ClassVar[str]
    looked_up: ClassVar[Mapping[str, Unknown]]

    @property
    def kind(self) -> MappingKind:
        return KINDS[self.slug]

    def get_queryset(self) -> QuerySet[Any]:
        return self.kind.rows()

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
        given = [self.kind.model(**row) for row in rows]
        wanted = {self.kind.key_of(row): self.kind.value_of(row) for row in given}
        change_mappings(self.account.id, self.kind, wanted, by=self.by, names=self.names(), is_whole=True)
        return self.list(request)

    def names(self) -> Mapping[str, str]:
        """The words for keys and values that the history keeps."""
        return mapping_table(self.kind, PartnerLists(self.account.id, anew=False)).names

    @cached_property
    def choices(self) -> Choices:
        return Choices(self.account.id)

    def _refuse_twice(self, rows: list[Row]) -> None:
        columns = self.kind.key_columns
        keys = [tuple(row[name] for name in columns) for row in rows]
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        twice = {
            str(index): {columns[0]: [ErrorDetail(f"This is row {first[key]} again.", code="twice")]}
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
    slug = "billing-codes"
    serializer_class = BillingCodeRow
    looked_up = {"billing_code_id": Choices.unknown_billing_codes, "account_code": Choices.unknown_accounts}


class TaxRateRow(StrictSerializer):
    tax_region_id = Identifier()
    tax_category_id = Identifier(allow_null=True, default=None, help_text="null stands for all of the region.")
    tax_type = serializers.CharField(max_length=50, help_text="Xero's TaxType.")


class TaxRates(MappingView):
    slug = "tax-rates"
    serializer_class = TaxRateRow
    looked_up = {
        "tax_region_id": Choices.unknown_tax_regions,
        "tax_category_id": Choices.unknown_tax_categories,
        "tax_type": Choices.unknown_tax_types,
    }


class BrandingRow(StrictSerializer):
    template_id = Identifier(help_text="Of an Autotask invoice template.")
    theme_id = serializers.UUIDField(help_text="Xero's BrandingThemeID.")


class Branding(MappingView):
    slug = "branding"
    serializer_class = BrandingRow
    looked_up = {"template_id": Choices.unknown_templates, "theme_id": Choices.unknown_themes}


class TrackingRow(StrictSerializer):
    source = serializers.ChoiceField(TrackingMapping.Source.choices)  # type: ignore[assignment]
    source_id = Identifier(help_text="Of a line of business: its association id.")
    category_id = serializers.UUIDField(help_text="Xero's TrackingCategoryID.")
    option_id = serializers.UUIDField(help_text="Xero's TrackingOptionID.")


class Tracking(MappingView):
    slug = "tracking"
    serializer_class = TrackingRow
    looked_up = {"option_id": Choices.unknown_tracking_options}


class ItemRow(StrictSerializer):
    source = serializers.ChoiceField(ItemMapping.Source.choices)  # type: ignore[assignment]
    source_id = Identifier()
    item_code = serializers.CharField(max_length=30, help_text="Of a Xero item.")


class Items(MappingView):
    slug = "items"
    serializer_class = ItemRow
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

    slug = "contacts"
    serializer_class = ContactRow
    looked_up = {"company_id": Choices.unknown_companies, "contact_id": Choices.unknown_contacts}

    def put(self, request: Request) -> Response:
        """Replace them by this list: all of it, or, where a row is wrong, nothing. Answers with its first page."""
        if self.organisation is None:
            raise Conflict("Connect Xero first: a link is with a contact of an organisation.")
        return super().put(request)

    def get_queryset(self) -> QuerySet[ContactLink]:
        return ContactLink.objects.filter(organisation=self.organisation)

    @property
    def kind(self) -> ContactLinks:
        assert self.organisation is not None
        names = self.choices.names_of_contacts()
        return ContactLinks(self.organisation, {str(contact_id): name for contact_id, name in names.items()})

    def names(self) -> Mapping[str, str]:
        linked = {str(link.contact_id): link.contact_name for link in self.get_queryset()}
        contacts = {f"value:{contact_id}": name for contact_id, name in {**linked, **self.kind.contacts}.items()}
        companies = {f"key:{company_id}": name for company_id, name in self.choices.names_of_companies().items()}
        return contacts | companies

    @cached_property
    def organisation(self) -> XeroConnection | None:
        return fed_organisation()
