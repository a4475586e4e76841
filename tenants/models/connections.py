"""An account's links to Autotask and Xero. Secrets are encrypted at rest; no `__str__` shows one."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.encryption import EncryptedTextField

from .accounts import AccountModel


class AutotaskConnection(AccountModel):
    """The API user with which an account's Autotask database is read. One for each account."""

    class State(models.TextChoices):
        UNTESTED = "untested", "Not tested yet"
        CONNECTED = "connected", "Connected"
        REFUSED = "refused", "Log-in refused"

    username = models.CharField(max_length=254)
    secret = EncryptedTextField()
    integration_code = EncryptedTextField(blank=True, help_text="Empty: this installation's own.")
    zone_url = models.URLField(blank=True, help_text="Where the API of this database is, as its zone look-up told.")
    web_url = models.URLField(blank=True, help_text="Where people open it.")
    database_id = models.BigIntegerField(null=True, blank=True)
    resource_id = models.BigIntegerField(null=True, blank=True, help_text="The API user's own Resource.")
    state = models.CharField(max_length=10, choices=State, default=State.UNTESTED)
    connected_at = models.DateTimeField(null=True, blank=True)
    last_answered_at = models.DateTimeField(null=True, blank=True)
    last_problem = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account"], name="one_autotask_for_each_account")]

    def __str__(self) -> str:
        return self.username


class XeroGrant(models.Model):
    """One Xero user's consent, and its token set, which covers all organisations of that user.

    One Xero user may serve two accounts, and Xero breaks the older copies of a token set that is refreshed in several
    places: so it belongs to no account and stands here once. Only syncing.xero.oauth reads the tokens.

    A refresh is claimed (`refresh_claim`, `refresh_claimed_at`) by one conditional UPDATE, and the claim is given up
    with the new tokens. `refresh_sent_at` is when the present refresh token was first sent: Xero takes it again for 30
    minutes after that, should the reply have been lost.
    """

    xero_user_id = models.UUIDField(unique=True)
    email = models.EmailField(blank=True)
    name = models.CharField(max_length=200, blank=True)
    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    expires_at = models.DateTimeField(help_text="When the access token ends.")
    scopes = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    granted_at = models.DateTimeField(auto_now_add=True)
    refreshed_at = models.DateTimeField(null=True, blank=True, help_text="The refresh token lives 60 days from here.")
    refresh_claim = models.UUIDField(null=True, blank=True)
    refresh_claimed_at = models.DateTimeField(null=True, blank=True)
    refresh_sent_at = models.DateTimeField(null=True, blank=True)
    broken_at = models.DateTimeField(null=True, blank=True, help_text="Since when only a new sign-in helps.")
    broken_reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.email or str(self.xero_user_id)


class XeroConnection(AccountModel):
    """A Xero organisation that an account feeds. An account may have several."""

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        DISCONNECTED = "disconnected", "Disconnected"

    grant = models.ForeignKey(XeroGrant, on_delete=models.PROTECT, related_name="+")
    organisation_id = models.UUIDField(help_text="Xero's tenant id.")
    connection_id = models.UUIDField(null=True, blank=True, help_text="Xero's id of the link, to delete it by.")
    name = models.CharField(max_length=255, blank=True)
    short_code = models.CharField(max_length=20, blank=True, help_text="For links into Xero.")
    base_currency = models.CharField(max_length=3, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.CONNECTED)
    connected_at = models.DateTimeField()
    disconnected_at = models.DateTimeField(null=True, blank=True)
    last_answered_at = models.DateTimeField(null=True, blank=True)
    last_problem = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "organisation_id"], name="one_connection_for_each_organisation")
        ]
        indexes = [models.Index(fields=["organisation_id"])]

    def __str__(self) -> str:
        return self.name or str(self.organisation_id)
