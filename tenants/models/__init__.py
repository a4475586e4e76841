from .accounts import Account, AccountForeignKey, AccountModel, ClosedAccount, Feature
from .connections import AutotaskConnection, XeroConnection, XeroGrant
from .people import ApiToken, Invitation, Member, Role, User

__all__ = [
    "Account",
    "AccountForeignKey",
    "AccountModel",
    "ApiToken",
    "AutotaskConnection",
    "ClosedAccount",
    "Feature",
    "Invitation",
    "Member",
    "Role",
    "User",
    "XeroConnection",
    "XeroGrant",
]
