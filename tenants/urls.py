"""The addresses of people: the front door, a person's own pages, and who belongs to an account."""

from django.urls import path

from tenants.views import accounts, front, invitations, members, profile, tokens

urlpatterns = [
    path("", front.home, name="home"),
    path("accounts/new/", accounts.new_account, name="new-account"),
    path("invitations/<str:secret>/", invitations.invitation, name="invitation"),
    path("profile/", profile.profile, name="profile"),
    path("a/<slug:slug>/settings/account/", accounts.account_settings, name="account-settings"),
    path("a/<slug:slug>/settings/account/change", accounts.change_account, name="change-account"),
    path("a/<slug:slug>/settings/members/", members.members, name="members"),
    path("a/<slug:slug>/settings/members/invite", members.invite_member, name="invite-member"),
    path("a/<slug:slug>/settings/members/leave", members.leave, name="leave-account"),
    path("a/<slug:slug>/settings/members/<int:member_id>/role", members.set_role, name="member-role"),
    path("a/<slug:slug>/settings/members/<int:member_id>/remove", members.remove, name="remove-member"),
    path(
        "a/<slug:slug>/settings/invitations/<int:invitation_id>/resend",
        members.resend_invitation,
        name="resend-invitation",
    ),
    path(
        "a/<slug:slug>/settings/invitations/<int:invitation_id>/withdraw",
        members.withdraw_invitation,
        name="withdraw-invitation",
    ),
    path("a/<slug:slug>/settings/tokens/", tokens.api_tokens, name="api-tokens"),
    path("a/<slug:slug>/settings/tokens/<int:token_id>/revoke", tokens.revoke, name="revoke-token"),
]
