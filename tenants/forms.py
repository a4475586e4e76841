"""What people fill in about themselves, their accounts, their members and their programs."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants.models import Account, ApiToken, Member, Role, User
from tenants.time_zones import TimeZoneField


class OneLineField(forms.CharField):
    """A text of one line: white space is made even, so that it fits the subject of an e-mail too."""

    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").split())


class NewAccountForm(forms.Form):
    """The beginning: an account, and what we do not know yet of its owner."""

    name = OneLineField(
        label="Name of the account",
        max_length=200,
        help_text="Your company’s, as a rule. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    your_name = OneLineField(
        label="Your name", max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    time_zone = TimeZoneField(label="Time zone", guess=True, help_text="In which you read times. Yours, to begin with.")


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    name = OneLineField(label="Name", max_length=200)
    time_zone = TimeZoneField(
        label="Time zone", help_text="Where one day of this account ends and the next begins: its books’ own."
    )

    class Meta:
        model = Account
        fields = ("name", "time_zone")


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    name = OneLineField(
        label="Name",
        max_length=150,
        required=False,
        help_text="As the other members of your accounts read it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = TimeZoneField(label="Time zone", help_text="In which you read times.")

    class Meta:
        model = User
        fields = ("name", "time_zone")


class NotificationsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Which e-mails one member wants of one account. Several stand on a page, so each has a prefix."""

    class Meta:
        model = Member
        fields = ("notify_faults", "notify_resolved")

    def __init__(self, data: Any, instance: Member) -> None:
        super().__init__(data, instance=instance, prefix=f"account-{instance.account_id}")


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off", "size": 28})
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.STANDARD)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class TokenForm(forms.Form):
    name = OneLineField(
        max_length=100,
        help_text="What will use it, to recognise it by.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        label="It may", choices=ApiToken.Scope.choices, initial=ApiToken.Scope.READ, widget=forms.RadioSelect
    )
