"""`manage.py seed_demo`: what the demo shows, a month of billing in the sandbox and an account connected to it."""

import json
import re
from argparse import ArgumentParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cloud_depot import demo_staff
from syncing.autotask.connect import connect_autotask
from syncing.models import SyncSettings
from syncing.xero import oauth
from tenants.accounts import create_account
from tenants.models import Account, Member, Role, User
from tenants.scope import account_scope

PASSWORD = "cloud-depot-demo"  # noqa: S105  (of log-ins that only this machine reaches)
XERO_USER = "bookkeeper@harbour-it.example"
PEOPLE = {
    Role.OWNER: "owner@harbour-it.example",
    Role.STANDARD: XERO_USER,
    Role.VIEWER: "viewer@harbour-it.example",
}


class Command(BaseCommand):
    help = "Fill a sandbox with a month of billing and connect an account to it. The last line is JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sandbox_url", help="Where `python -m sandbox` answers.")

    def handle(self, *args: Any, sandbox_url: str, **options: Any) -> None:
        sandbox = Sandbox(sandbox_url)
        database, organisation = sandbox.make_partners()
        month = sandbox.bill_month(database, organisation)
        account = make_account()
        demo_staff.make_staff(PASSWORD)
        with account_scope(account.id):
            SyncSettings.of_account(account.id, numbering=SyncSettings.Numbering.AUTOTASK_NUMBER)
            credentials = {name: database[name] for name in ("username", "secret", "integration_code")}
            connect_autotask(account.id, **credentials)
        connect_xero(account, organisation)
        Account.objects.filter(id=account.id).update(next_sync_at=timezone.now())  # the dispatcher takes it from here
        sandbox.trouble_the_network(month)
        logins = [{"role": role.label, "email": email, "password": PASSWORD} for role, email in PEOPLE.items()]
        logins.append({"role": "Staff", "email": demo_staff.EMAIL, "password": PASSWORD})
        self.stdout.write(json.dumps({"slug": account.slug, "logins": logins, "month": month}))


class Sandbox:
    """What the demo asks of the sandbox's control API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, path: str, **body: Any) -> Any:
        """One control request; its answer. Raises CommandError with the sandbox's words."""
        response = requests.post(f"{self.url}/sandbox{path}", json=body, timeout=60)
        if not response.ok:
            raise CommandError(f"The sandbox refused {path}: {response.text[:500]}")
        return response.json()

    def make_partners(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """An Autotask database and a Xero organisation, and the app by which we reach Xero."""
        database = self.post(
            "/autotask/databases",
            name="Harbour IT",
            username="cloud-depot@harbour-it.example",
            secret="autotask-demo-secret",  # noqa: S106
            integration_code="DEMO",
        )
        self.post(
            "/xero/apps",
            client_id=settings.XERO_CLIENT_ID,
            client_secret=settings.XERO_CLIENT_SECRET,
            redirect_uris=[oauth.redirect_uri()],
            name="Cloud Depot",
        )
        self.post("/xero/users", email=XERO_USER, name="Bea Keeper")
        organisation = self.post(
            "/xero/organisations", name="Harbour IT Ltd", country="NZ", base_currency="NZD", users=[XERO_USER]
        )
        return database, organisation

    def bill_month(self, database: dict[str, Any], organisation: dict[str, Any]) -> Any:
        """The month of billing; its answer says which documents are in trouble, why, and how that is mended."""
        partners = {"autotask_database": database["id"], "xero_organisation": organisation["id"]}
        return self.post("/scenario/month", **partners)

    def trouble_the_network(self, month: dict[str, Any]) -> None:
        """What the month tells of the network strikes once each, and so does a lost answer to a write."""
        rules = [trouble["rule"] for trouble in month["transient"]]
        rules.append({"partner": "xero", "kind": "drop_after", "method": "PUT", "times": 1})
        for rule in rules:
            if rule["kind"] == "slow":
                rule = {**rule, "kind": "drop_before"}  # noqa: PLW2901  (the same fault, without a minute's wait)
            self.post("/trouble", **rule)


def make_account() -> Account:
    """An account with one verified person in each role."""
    people = {role: verified_user(email) for role, email in PEOPLE.items()}
    account = create_account("Harbour IT", people[Role.OWNER])
    for role, person in people.items():
        if role != Role.OWNER:
            Member.objects.create(account=account, user=person, role=role)
    return account


def verified_user(email: str) -> User:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def connect_xero(account: Account, organisation: dict[str, Any]) -> None:
    """As a person does it in a browser: choose the user and the organisation on the consent page, and come back."""
    address = oauth.authorize_url("demo")
    page = requests.get(address, timeout=30)
    user = re.search(rf'value="([^"]+)">[^<]*{re.escape(XERO_USER)}', page.text)
    if user is None:
        raise CommandError("The consent page does not know the demo's Xero user.")
    choice = {"user": user[1], "organisation": organisation["id"], "decision": "allow"}
    answer = requests.post(address, data=choice, allow_redirects=False, timeout=30)
    (code,) = parse_qs(urlsplit(answer.headers["Location"]).query)["code"]
    consent = oauth.connect(code)
    oauth.take_organisation(account.id, consent.grant, consent.organisations[0])
