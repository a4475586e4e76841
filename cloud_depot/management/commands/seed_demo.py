"""`manage.py seed_demo`: what the demo shows: a month of billing in the sandbox with an account connected to it, and a
second account whose sync has stopped."""

import json
import re
from argparse import ArgumentParser
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import F
from django.utils import timezone

from cloud_depot import demo_staff
from syncing import runs, watchdog
from syncing.autotask.connect import connect_autotask
from syncing.models import SyncRun, SyncSettings, SyncState
from syncing.xero import oauth
from tenants.accounts import create_account
from tenants.models import Account, AutotaskConnection, Member, Role, User, XeroConnection
from tenants.scope import account_scope

PASSWORD = "cloud-depot-demo"  # noqa: S105  (of log-ins that only this machine reaches)
QUIET_SINCE = timedelta(days=2)


@dataclass(frozen=True)
class Customer:
    """A made-up customer of ours: its people by role, and the user of its Xero who gives consent."""

    name: str
    domain: str
    people: dict[Role, str]

    @property
    def xero_user(self) -> str:
        return f"bookkeeper@{self.domain}"


HARBOUR = Customer(
    "Harbour IT",
    "harbour-it.example",
    {
        Role.OWNER: "owner@harbour-it.example",
        Role.STANDARD: "bookkeeper@harbour-it.example",
        Role.VIEWER: "viewer@harbour-it.example",
    },
)
SOUTHERN = Customer("Southern Sky", "southern-sky.example", {Role.OWNER: "owner@southern-sky.example"})


class Command(BaseCommand):
    help = "Fill a sandbox with a month of billing and connect an account to it. The last line is JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("sandbox_url", help="Where `python -m sandbox` answers.")

    def handle(self, *args: Any, sandbox_url: str, **options: Any) -> None:
        sandbox = Sandbox(sandbox_url)
        sandbox.register_app()
        account, partners = connect(HARBOUR, sandbox)
        with account_scope(account.id):
            SyncSettings.of_account(account.id, numbering=SyncSettings.Numbering.AUTOTASK_NUMBER)
        month = sandbox.post("/scenario/month", **partners)
        stopped_account, stopped_partners = connect(SOUTHERN, sandbox)
        stopped = stop_sync(stopped_account, sandbox, stopped_partners)
        demo_staff.make_staff(PASSWORD)
        Account.objects.filter(id=account.id).update(next_sync_at=timezone.now())  # the dispatcher takes it from here
        sandbox.trouble_the_network(month)
        seeded = {"slug": account.slug, "stopped": {"slug": stopped_account.slug, **stopped}, "month": month}
        self.stdout.write(json.dumps({"logins": logins(), **seeded}))


def logins() -> list[dict[str, str]]:
    """Who can log in, as the demo prints it."""
    people = [(role.label, email) for role, email in HARBOUR.people.items()]
    people += [("Owner, sync stopped", SOUTHERN.people[Role.OWNER]), ("Staff", demo_staff.EMAIL)]
    return [{"role": role, "email": email, "password": PASSWORD} for role, email in people]


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

    def register_app(self) -> None:
        """The app by which we reach Xero."""
        self.post(
            "/xero/apps",
            client_id=settings.XERO_CLIENT_ID,
            client_secret=settings.XERO_CLIENT_SECRET,
            redirect_uris=[oauth.redirect_uri()],
            name="Cloud Depot",
        )

    def make_partners(self, customer: Customer) -> tuple[dict[str, Any], dict[str, Any]]:
        """The customer's Autotask database and Xero organisation."""
        database = self.post(
            "/autotask/databases",
            name=customer.name,
            username=f"cloud-depot@{customer.domain}",
            secret="autotask-demo-secret",  # noqa: S106
            integration_code="DEMO",
        )
        self.post("/xero/users", email=customer.xero_user, name="Bea Keeper")
        organisation = self.post(
            "/xero/organisations",
            name=f"{customer.name} Ltd",
            country="NZ",
            base_currency="NZD",
            users=[customer.xero_user],
        )
        return database, organisation

    def trouble_the_network(self, month: dict[str, Any]) -> None:
        """What the month tells of the network strikes, and so does a lost answer to a write."""
        rules = [trouble["rule"] for trouble in month["transient"]]
        rules.append({"partner": "xero", "kind": "drop_after", "method": "PUT", "times": 1})
        for rule in rules:
            self.post("/trouble", **rule)


def connect(customer: Customer, sandbox: Sandbox) -> tuple[Account, dict[str, Any]]:
    """The customer's account, connected to both partners; and these, as the sandbox's scenarios name them."""
    database, organisation = sandbox.make_partners(customer)
    account = make_account(customer)
    with account_scope(account.id):
        credentials = {name: database[name] for name in ("username", "secret", "integration_code")}
        connect_autotask(account.id, **credentials)
    connect_to_xero(account, customer, organisation)
    return account, {"autotask_database": database["id"], "xero_organisation": organisation["id"]}


def stop_sync(account: Account, sandbox: Sandbox, partners: dict[str, Any]) -> dict[str, Any]:
    """Make it the account whose sync has stopped; what the sandbox tells of it.

    Its last good run is moved into the past, since nobody waits two days for a demo; all that follows is real: Autotask
    refuses the log-in, the run stops for it, and the watchdog says so.
    """
    with account_scope(account.id):
        runs.run_now(account.id, SyncRun.Trigger.COMMAND)
        SyncRun.objects.update(started_at=F("started_at") - QUIET_SINCE, finished_at=F("finished_at") - QUIET_SINCE)
        SyncState.objects.update(last_finished_at=F("last_finished_at") - QUIET_SINCE)
        for connections in (AutotaskConnection.objects, XeroConnection.objects):
            connections.update(connected_at=F("connected_at") - QUIET_SINCE)
        AutotaskConnection.objects.update(last_answered_at=F("last_answered_at") - QUIET_SINCE)
    stopped: dict[str, Any] = sandbox.post("/scenario/stopped", **partners)
    with account_scope(account.id):
        runs.run_now(account.id, SyncRun.Trigger.SCHEDULE)
        watchdog.watch(account.id)
    return stopped


def make_account(customer: Customer) -> Account:
    """An account with one verified person in each of the customer's roles."""
    people = {role: verified_user(email) for role, email in customer.people.items()}
    account = create_account(customer.name, people[Role.OWNER])
    for role, person in people.items():
        if role != Role.OWNER:
            Member.objects.create(account=account, user=person, role=role)
    return account


def verified_user(email: str) -> User:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.update_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def connect_to_xero(account: Account, customer: Customer, organisation: dict[str, Any]) -> None:
    """As a person does it in a browser: choose the user and the organisation on the consent page, and come back."""
    address = oauth.authorize_url("demo")
    page = requests.get(address, timeout=30)
    user = re.search(rf'value="([^"]+)">[^<]*{re.escape(customer.xero_user)}', page.text)
    if user is None:
        raise CommandError("The consent page does not know the demo's Xero user.")
    choice = {"user": user[1], "organisation": organisation["id"], "decision": "allow"}
    answer = requests.post(address, data=choice, allow_redirects=False, timeout=30)
    (code,) = parse_qs(urlsplit(answer.headers["Location"]).query)["code"]
    consent = oauth.connect(code)
    oauth.take_organisation(account.id, consent.grant, consent.organisations[0])
