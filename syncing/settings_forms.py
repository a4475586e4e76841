"""The forms of the settings pages: what each setting may be, and why a value is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from syncing.change_settings import OF_ACCOUNT, value_of
from syncing.models import SyncSettings
from syncing.settings_pages import CONTACT_RULES, SETTINGS, SettingsPage, default_of, in_words
from tenants.models import Account

Choice = tuple[str, str]
PLACES = ("First", "Then", "Then", "Then", "At last")


class ContactRulesWidget(forms.MultiWidget):
    """The rules one below the other, in the order in which they are tried."""

    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        choices = [("", "—"), *CONTACT_RULES.items()]
        super().__init__(
            [
                forms.Select({"aria-label": f"Rule {place}: {word.lower()}"}, choices)
                for place, word in enumerate(PLACES, start=1)
            ],
            attrs,
        )

    def decompress(self, value: Sequence[str] | None) -> list[str]:
        chosen = list(value or ())
        return chosen + [""] * (len(PLACES) - len(chosen))


class ContactRulesField(forms.MultiValueField):
    """An ordered choice of rules: one at least, each but once."""

    widget = ContactRulesWidget

    def __init__(self, **kwargs: Any) -> None:
        fields = [forms.ChoiceField(choices=[("", "—"), *CONTACT_RULES.items()], required=False) for _ in PLACES]
        super().__init__(fields, require_all_fields=False, **kwargs)

    def compress(self, data_list: Sequence[str]) -> list[str]:
        return [rule for rule in data_list if rule]

    def clean(self, value: Any) -> list[str]:
        rules = cast(list[str], super().clean(value))
        if not rules:
            raise ValidationError("Choose one rule at least.", code="required")
        if len(set(rules)) < len(rules):
            raise ValidationError("Choose each rule but once.", code="twice")
        return rules

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [rule for rule in data if rule] != list(initial or ())


class TemplatesField(forms.MultipleChoiceField):
    """Autotask's invoice templates, by id."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> list[int]:
        return sorted(int(template_id) for template_id in super().clean(value))


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """The settings of one page. `accounts` and `templates` are the choices that the partners gave; None where they did
    not answer: then what stands is kept to, or given by hand."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    paused = forms.BooleanField(required=False)
    interval_minutes = forms.IntegerField(min_value=1, max_value=24 * 60, required=False)
    contact_rules = ContactRulesField(required=False)
    skip_templates = TemplatesField(required=False)

    class Meta:
        model = SyncSettings
        fields = [name for name in SETTINGS if name not in OF_ACCOUNT]

    def __init__(
        self,
        page: SettingsPage,
        account: Account,
        settings: SyncSettings,
        data: Mapping[str, Any] | None = None,
        *,
        accounts: Sequence[Choice] | None = None,
        templates: Sequence[Choice] | None = None,
    ) -> None:
        values = {name: value_of(settings, account, name) for name in page.names}
        # A copy, since a form writes what it is given onto its instance.
        super().__init__(data, instance=copy(settings), initial={**values, "version": settings.version})
        self.page = page
        self.fields = {name: self.fields[name] for name in ("version", *page.names)}
        for name in page.names:
            self.fields[name].label = SETTINGS[name].label
            self.fields[name].help_text = SETTINGS[name].says
        if "default_sales_account" in self.fields and accounts is not None:
            choices = _with_present([("", "Xero’s first sales account"), *accounts], settings.default_sales_account)
            self.fields["default_sales_account"] = _choice(self.fields["default_sales_account"], choices)
        if "skip_templates" in self.fields:
            self._offer_templates(settings.skip_templates, templates)
        if "currency" in self.fields:
            self.fields["currency"].widget.attrs |= {"autocapitalize": "characters", "size": 4, "class": "short"}

    def clean_currency(self) -> str:
        return cast(str, self.cleaned_data["currency"]).upper()

    @property
    def values(self) -> dict[str, Any]:
        """What was given, by the names of the settings."""
        return {name: self.cleaned_data[name] for name in self.page.names}

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each setting with its field, what it is by itself, and whether it is that."""
        return [
            {
                "setting": SETTINGS[name],
                "field": self[name],
                "default": in_words(name, default_of(name)),
                "is_default": self.initial[name] == default_of(name),
                "is_check": isinstance(self.fields[name], forms.BooleanField),
            }
            for name in self.page.names
        ]

    def _offer_templates(self, chosen: Sequence[int], templates: Sequence[Choice] | None) -> None:
        known = list(templates or ())
        missing = sorted({str(template_id) for template_id in chosen} - {value for value, _ in known})
        field = cast(TemplatesField, self.fields["skip_templates"])
        field.choices = [*known, *((value, f"Template {value}") for value in missing)]
        self.initial["skip_templates"] = [str(template_id) for template_id in sorted(chosen)]


def _with_present(choices: Sequence[Choice], present: str) -> list[Choice]:
    """The choices, and what stands where it is none of them any more: shown for what it is."""
    if present in {value for value, _ in choices}:
        return list(choices)
    return [*choices, (present, f"{present} — no longer active in Xero")]


def _choice(field: forms.Field, choices: Sequence[Choice]) -> forms.ChoiceField:
    return forms.ChoiceField(choices=list(choices), required=False, label=field.label, help_text=field.help_text)
