"""What is on the desk: lists by Django's admin, and pages of our own where staff act (support/desk_views.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db.models import Count, F, Model, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from faults.models import UnknownText
from support import desk_views, exchange_views
from support.models import StaffAction, SupportRequest
from support.site import desk
from syncing.models import AccountHealth
from syncing.templatetags.documents import when
from tenants.models import Account, ClosedAccount, User

# Generic for the type checker only.
if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin

MARKS = {
    AccountHealth.Standing.STOPPED: "bad",
    AccountHealth.Standing.BROKEN: "bad",
    AccountHealth.Standing.FAULTS: "warn",
    AccountHealth.Standing.TROUBLE: "warn",
    AccountHealth.Standing.WELL: "good",
}
REQUEST_MARKS = {SupportRequest.State.OPEN: "busy", SupportRequest.State.DECLINED: ""}
# What the list shows of an account's health.
OF_HEALTH = (
    "standing",
    "autotask",
    "autotask_mark",
    "xero",
    "xero_mark",
    "organisation",
    "last_finished_at",
    "open_faults",
    "stuck",
    "waiting",
)


def marked(mark: str, words: str) -> SafeString:
    return format_html('<span class="state {}">{}</span>', mark, words)


class DeskAdmin(_Admin):
    """Read by all staff that the site lets in, and changed by nobody; who may more says so."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class StandingFilter(admin.SimpleListFilter):
    title = "health"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in AccountHealth.Standing.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(standing=self.value()) if self.value() else queryset


@admin.register(Account, site=desk)
class AccountAdmin(DeskAdmin):
    """All accounts, with how they are. One query for a page of them, however many there are."""

    list_display = ("name", "health", "is_running", "last_sync", "faults", "documents", "in_autotask", "in_xero")
    list_filter = (StandingFilter, "paused")
    search_fields = ("name", "slug", "members__user__email")
    ordering = ("name", "id")

    def get_queryset(self, request: HttpRequest) -> Any:
        health = AccountHealth.objects.filter(account=OuterRef("pk"))
        return super().get_queryset(request).annotate(**{name: Subquery(health.values(name)) for name in OF_HEALTH})

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(desk_views.act)
        of_site = {"site": self.admin_site}
        own = [
            path("<int:account_id>/do/<slug:action>/", act, name="account_act"),
            path(
                "<int:account_id>/exchanges/",
                self.admin_site.admin_view(exchange_views.exchanges),
                of_site,
                name="account_exchanges",
            ),
            path(
                "<int:account_id>/exchanges/<int:exchange_id>/",
                self.admin_site.admin_view(exchange_views.exchange),
                of_site,
                name="account_exchange",
            ),
            path("end-visit/", self.admin_site.admin_view(desk_views.end_visit), name="end_visit"),
        ]
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        return desk_views.account_page(request, object_id, self.admin_site.each_context(request))

    @admin.display(description="Health", ordering="standing")
    def health(self, account: Any) -> SafeString:
        if account.standing is None:
            return marked("", "Not looked at yet")
        standing = AccountHealth.Standing(account.standing)
        return marked(MARKS.get(standing, ""), str(standing.label))

    @admin.display(description="Autotask", ordering="autotask")
    def in_autotask(self, account: Any) -> SafeString:
        return marked(account.autotask_mark or "", account.autotask or "Not connected")

    @admin.display(description="Xero", ordering="xero")
    def in_xero(self, account: Any) -> SafeString:
        state = marked(account.xero_mark or "", account.xero or "Not connected")
        return format_html('{}<span class="beneath">{}</span>', state, account.organisation or "")

    @admin.display(description="Last sync", ordering="last_finished_at")
    def last_sync(self, account: Any) -> SafeString:
        return when(account.last_finished_at)

    @admin.display(description="Open faults", ordering="open_faults")
    def faults(self, account: Any) -> int:
        return account.open_faults or 0

    @admin.display(description="Documents", ordering="stuck")
    def documents(self, account: Any) -> str:
        return f"{account.stuck or 0:,} stuck, {account.waiting or 0:,} on the way"

    @admin.display(description="Schedule", ordering="paused")
    def is_running(self, account: Account) -> SafeString:
        return marked("warn", "Paused") if account.paused else marked("good", "On")


@admin.register(SupportRequest, site=desk)
class RequestAdmin(DeskAdmin):
    """The queue: what is open first, the oldest on top."""

    list_display = ("kind", "account", "state_marked", "about", "asked_by", "asked", "settled_by")
    list_filter = ("state", "kind")
    list_select_related = ("account",)
    search_fields = ("asked_by", "account__name")

    def get_ordering(self, request: HttpRequest) -> Any:
        return F("settled_at").desc(nulls_first=True), "asked_at"

    def get_urls(self) -> list[URLPattern]:
        settle = self.admin_site.admin_view(desk_views.settle)
        return [path("<int:request_id>/settle/", settle, name="request_settle"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        return desk_views.request_page(request, object_id, self.admin_site.each_context(request))

    @admin.display(description="State", ordering="state")
    def state_marked(self, request: SupportRequest) -> SafeString:
        return marked(REQUEST_MARKS.get(SupportRequest.State(request.state), "good"), request.get_state_display())

    @admin.display(description="About")
    def about(self, request: SupportRequest) -> str:
        return str(request.context.get("title") or "")

    @admin.display(description="Asked", ordering="asked_at")
    def asked(self, request: SupportRequest) -> SafeString:
        return when(request.asked_at)


@admin.register(StaffAction, site=desk)
class ActionAdmin(DeskAdmin):
    """The audit log over all accounts."""

    list_display = ("done", "account", "what", "subject", "reason", "by")
    list_display_links = None
    list_filter = ("what",)
    list_select_related = ("account",)
    search_fields = ("by", "account__name", "subject")
    ordering = ("-id",)

    @admin.display(description="When", ordering="at")
    def done(self, action: StaffAction) -> SafeString:
        return when(action.at)


@admin.register(ClosedAccount, site=desk)
class ClosedAccountAdmin(DeskAdmin):
    """What remains of the accounts that their owners deleted."""

    list_display = ("name", "number", "closed_by", "closed", "emptied")
    list_display_links = None
    search_fields = ("name", "slug", "closed_by", "number")
    ordering = ("-id",)

    @admin.display(description="Deleted", ordering="closed_at")
    def closed(self, account: ClosedAccount) -> SafeString:
        return when(account.closed_at)

    @admin.display(description="Last row gone", ordering="emptied_at")
    def emptied(self, account: ClosedAccount) -> SafeString:
        return when(account.emptied_at) if account.emptied_at else marked("busy", "Being emptied")


@admin.register(UnknownText, site=desk)
class UnknownTextAdmin(DeskAdmin):
    """What partners said that the catalogue does not know, most often seen first: each wants a kind there."""

    list_display = ("text", "partner", "times_seen", "first", "last")
    list_display_links = None
    list_filter = ("partner",)
    search_fields = ("text",)
    ordering = ("-times_seen", "text")

    @admin.display(description="First seen", ordering="first_seen")
    def first(self, text: UnknownText) -> SafeString:
        return when(text.first_seen)

    @admin.display(description="Last seen", ordering="last_seen")
    def last(self, text: UnknownText) -> SafeString:
        return when(text.last_seen)


@admin.register(User, site=desk)
class UserAdmin(DeskAdmin):
    """People. Superusers say who is staff and who may log in; passwords and second factors are nobody's to see."""

    list_display = ("email", "name", "is_staff", "is_active", "has_second_factor", "accounts", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "time_zone", "is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    readonly_fields = ("email", "name", "time_zone", "is_superuser", "last_login", "date_joined")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        person = cast(User, request.user)
        return person.is_superuser and obj != person

    def get_queryset(self, request: HttpRequest) -> Any:
        # `distinct` counts, since one join multiplies the rows of the other.
        return (
            super()
            .get_queryset(request)
            .annotate(
                factor_count=Count("authenticator", filter=Q(authenticator__type="totp"), distinct=True),
                account_count=Count("memberships", distinct=True),
            )
        )

    @admin.display(description="Second factor", boolean=True)
    def has_second_factor(self, user: Any) -> bool:
        return bool(user.factor_count)

    @admin.display(description="Accounts", ordering="account_count")
    def accounts(self, user: Any) -> SafeString:
        url = f"{reverse('admin:tenants_account_changelist')}?q={user.email}"
        return format_html('<a href="{}">{}</a>', url, user.account_count)
