"""Accounts, their members, features, API tokens and organisations: the services behind pages, API and commands."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tenants.accounts import create_account
from tenants.api_tokens import create_token, digest, find_token
from tenants.connections import (
    Organisation,
    OrganisationTakenError,
    accounts_feeding,
    connect_organisation,
    grant_is_used,
    mark_disconnected,
)
from tenants.features import FeatureName, enabled_features, is_enabled, switch_feature
from tenants.memberships import (
    InvitationRefusedError,
    LastOwnerError,
    accept_invitation,
    change_role,
    find_invitation,
    invite,
    remove_member,
    revoke_invitation,
)
from tenants.models import ApiToken, Feature, Invitation, Member, Role, User, XeroConnection
from tenants.permissions import ROLE_PERMISSIONS, TOKEN_PERMISSIONS, Permission
from tenants.scope import ScopeError, account_scope
from tests.factories import make_account, make_grant, make_member, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme Ltd", "acme-ltd"),
        ("  Acmé & Söhne ", "acme-sohne"),
        ("🚀", "account"),
        ("شركة", "account"),
        ("x" * 300, "x" * 50),
    ],
)
def test_a_slug_comes_from_the_name(name: str, slug: str) -> None:
    account = create_account(name, make_user())
    assert account.slug == slug
    assert Member.objects.get(account=account).role == Role.OWNER


def test_a_taken_slug_gets_a_number() -> None:
    user = make_user()
    assert [create_account("Acme", user).slug for _ in range(3)] == ["acme", "acme-2", "acme-3"]


def test_an_account_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        create_account("  ", make_user())


def test_an_address_is_one_person_whatever_its_case() -> None:
    user = make_user("Anna@Example.COM")
    assert User.objects.get_by_natural_key("ANNA@example.com") == user
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("anna@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email="ANNA@example.com")])


def test_each_role_may_do_what_the_one_before_it_may() -> None:
    ladder = [ROLE_PERMISSIONS[role] for role in (Role.VIEWER, Role.STANDARD, Role.ADMINISTRATOR, Role.OWNER)]
    assert all(lower < higher for lower, higher in pairwise(ladder))
    assert set(ROLE_PERMISSIONS) == set(Role.values)
    assert set(TOKEN_PERMISSIONS) == set(ApiToken.Scope.values)


def test_no_token_manages_members_tokens_or_the_account_itself() -> None:
    reserved = {Permission.MANAGE_MEMBERS, Permission.MANAGE_TOKENS, Permission.DELETE_ACCOUNT}
    assert not any(reserved & permissions for permissions in TOKEN_PERMISSIONS.values())


def test_the_last_owner_stays() -> None:
    owner = make_member(make_account(), Role.OWNER)
    make_member(owner.account, Role.ADMINISTRATOR)
    with pytest.raises(LastOwnerError):
        change_role(owner, Role.VIEWER)
    with pytest.raises(LastOwnerError):
        remove_member(owner)
    make_member(owner.account, Role.OWNER)
    assert change_role(owner, Role.VIEWER).role == Role.VIEWER


def test_removing_a_member_ends_their_tokens_there_and_nowhere_else() -> None:
    owner = make_member(make_account())
    member = make_member(owner.account, Role.ADMINISTRATOR)
    elsewhere = make_member(make_account(), Role.OWNER, member.user)
    _, theirs = create_token(owner.account, "theirs", ApiToken.Scope.WRITE, member.user)
    _, owners = create_token(owner.account, "the owner's", ApiToken.Scope.WRITE, owner.user)
    _, other = create_token(elsewhere.account, "other", ApiToken.Scope.WRITE, member.user)

    remove_member(member)

    assert find_token(theirs) is None
    assert find_token(owners) is not None
    assert find_token(other) is not None
    assert not Member.objects.filter(account=owner.account, user=member.user).exists()


def test_a_token_is_kept_as_a_digest_and_found_by_its_secret() -> None:
    account = make_account()
    token, secret = create_token(account, "Reports", ApiToken.Scope.READ, None)
    assert secret not in str(ApiToken.objects.filter(id=token.id).values().get())
    assert secret.startswith(token.beginning)
    found = find_token(secret)
    assert found == token
    assert found is not None
    assert found.account == account
    assert ApiToken.objects.get().last_used_at is not None
    assert find_token(digest(secret)) is None


@pytest.fixture
def invitation() -> tuple[Invitation, str]:
    return invite(make_account(), "Guest@Example.com", Role.STANDARD, make_user())


def standing_of(secret: str) -> str:
    found = find_invitation(secret)
    assert found is not None
    return found.standing(timezone.now())


def test_an_invitation_is_accepted_once(invitation: tuple[Invitation, str]) -> None:
    offer, secret = invitation
    assert find_invitation(secret) == offer
    member = accept_invitation(secret, make_user("guest@example.com"))
    assert (member.account_id, member.role) == (offer.account_id, Role.STANDARD)
    assert standing_of(secret) == "accepted"
    with pytest.raises(InvitationRefusedError):
        accept_invitation(secret, member.user)


def test_an_invitation_is_not_for_another_address(invitation: tuple[Invitation, str]) -> None:
    with pytest.raises(InvitationRefusedError):
        accept_invitation(invitation[1], make_user("stranger@example.com"))
    assert standing_of(invitation[1]) == "open"


def test_an_invitation_ends_when_it_is_withdrawn(invitation: tuple[Invitation, str]) -> None:
    revoke_invitation(invitation[0])
    with pytest.raises(InvitationRefusedError):
        accept_invitation(invitation[1], make_user("guest@example.com"))


def test_an_invitation_ends_by_itself(invitation: tuple[Invitation, str]) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvitationRefusedError):
        accept_invitation(invitation[1], make_user("guest@example.com"))


def test_inviting_again_replaces_the_open_invitation(invitation: tuple[Invitation, str]) -> None:
    offer, old = invitation
    _, new = invite(offer.account, "guest@example.com", Role.VIEWER, make_user())
    assert standing_of(old) == "revoked"
    assert accept_invitation(new, make_user("guest@example.com")).role == Role.VIEWER


def test_a_member_is_not_invited_again(invitation: tuple[Invitation, str]) -> None:
    offer, secret = invitation
    accept_invitation(secret, make_user("guest@example.com"))
    with pytest.raises(InvitationRefusedError):
        invite(offer.account, "guest@example.com", Role.OWNER, make_user())


def test_features_are_off_until_staff_turn_them_on() -> None:
    account, other = make_account(), make_account()
    staff = make_user(is_staff=True)
    with account_scope(account.id):
        assert enabled_features() == {"service_adjustments": False, "shared_organisation": False}
    switch_feature(account, "service_adjustments", enabled=True, reason="It explains INV-7.", changed_by=staff)
    with account_scope(account.id):
        assert is_enabled(FeatureName.SERVICE_ADJUSTMENTS)
        assert Feature.objects.get().changed_by == staff.email
    with account_scope(other.id):
        assert not is_enabled("service_adjustments")
    switch_feature(account, "service_adjustments", enabled=False, reason="Not needed.", changed_by=staff)
    with account_scope(account.id):
        assert not is_enabled("service_adjustments")


def test_only_staff_switch_features_for_a_reason_and_only_those_there_are() -> None:
    account, staff = make_account(), make_user(is_staff=True)
    with pytest.raises(PermissionError):
        switch_feature(account, "service_adjustments", enabled=True, reason="Because.", changed_by=make_user())
    with pytest.raises(ValueError, match="reason"):
        switch_feature(account, "service_adjustments", enabled=True, reason=" ", changed_by=staff)
    with pytest.raises(ValueError, match="magic"):
        switch_feature(account, "magic", enabled=True, reason="Because.", changed_by=staff)
    with account_scope(account.id), pytest.raises(ValueError, match="magic"):
        is_enabled("magic")
    with pytest.raises(ScopeError):
        is_enabled("service_adjustments")


def organisation(**fields: object) -> Organisation:
    values = {"organisation_id": uuid.uuid4(), "connection_id": uuid.uuid4(), "name": "Acme Books", **fields}
    return Organisation(**values)  # type: ignore[arg-type]


def test_an_account_feeds_several_organisations() -> None:
    account, grant = make_account(), make_grant()
    for name in ("One", "Two"):
        connect_organisation(account.id, grant, organisation(name=name, base_currency="NZD"))
    with account_scope(account.id):
        assert {row.name for row in XeroConnection.objects.all()} == {"One", "Two"}


def test_an_organisation_that_another_account_feeds_is_refused() -> None:
    first, second, grant, shared = make_account(), make_account(), make_grant(), organisation()
    connect_organisation(first.id, grant, shared)
    with pytest.raises(OrganisationTakenError) as refused:
        connect_organisation(second.id, grant, shared)
    assert first.name not in str(refused.value)
    assert accounts_feeding(shared.organisation_id) == [first.id]


@pytest.mark.django_db(transaction=True)
def test_of_accounts_that_connect_one_organisation_at_the_same_moment_one_gets_it() -> None:
    accounts, grant, shared = [make_account().id for _ in range(4)], make_grant(), organisation()

    def try_it(account_id: int) -> bool:
        try:
            connect_organisation(account_id, grant, shared)
        except OrganisationTakenError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(accounts)) as pool:
        outcomes = list(pool.map(try_it, accounts))
    assert outcomes.count(True) == 1
    assert len(accounts_feeding(shared.organisation_id)) == 1


def test_staff_may_allow_an_organisation_to_be_shared() -> None:
    first, second, grant, shared = make_account(), make_account(), make_grant(), organisation()
    connect_organisation(first.id, grant, shared)
    switch_feature(
        second,
        FeatureName.SHARED_ORGANISATION,
        enabled=True,
        reason="Both are theirs.",
        changed_by=make_user(is_staff=True),
    )
    connect_organisation(second.id, grant, shared)
    assert accounts_feeding(shared.organisation_id) == [first.id, second.id]


def test_a_disconnected_organisation_is_free_for_another_account_and_its_grant_unused() -> None:
    first, second, grant, shared = make_account(), make_account(), make_grant(), organisation()
    kept = connect_organisation(first.id, grant, shared)
    assert grant_is_used(grant.id)
    with account_scope(first.id):
        mark_disconnected(kept)
    assert not grant_is_used(grant.id)
    connect_organisation(second.id, make_grant(), shared)
    assert accounts_feeding(shared.organisation_id) == [second.id]


def test_connecting_again_renews_the_one_connection_and_keeps_what_is_known_of_it() -> None:
    account, shared = make_account(), organisation(short_code="!abc", base_currency="NZD")
    before = connect_organisation(account.id, make_grant(), shared)
    with account_scope(account.id):
        mark_disconnected(before, "Disconnected in Xero.")
        grant = make_grant()
        again = Organisation(shared.organisation_id, uuid.uuid4(), "Renamed Books")
        after = connect_organisation(account.id, grant, again)
        after.refresh_from_db()
    assert after.id == before.id
    assert (after.state, after.name, after.base_currency, after.grant_id, after.last_problem) == (
        "connected",
        "Renamed Books",
        "NZD",
        grant.id,
        "",
    )


def test_a_grant_that_a_connection_rests_on_cannot_be_deleted_from_outside() -> None:
    grant = make_grant()
    connect_organisation(make_account().id, grant, organisation())
    grant.delete()
    with pytest.raises(IntegrityError):
        connection.check_constraints()
