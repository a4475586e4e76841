"""Who asks, in which time zone, and for which account: the one place where a request enters an account's scope."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from tenants.api_tokens import find_token
from tenants.models import Account, ApiToken, Member, User
from tenants.permissions import SAFE_METHODS
from tenants.scope import account_scope

GetResponse = Callable[[HttpRequest], HttpResponseBase]

NOTED_EVERY_SECONDS = 60
_NOTED_AT = "noted_at"
_PAGE = re.compile(r"/a/(?P<slug>[-\w]+)/")
_API = "/api/"
_TOKEN = re.compile(r"Token\s+(?P<secret>\S+)\s*", re.IGNORECASE)


class AccountRequest(HttpRequest):
    """A request in an account's scope: `member` on a page, `api_token` in the API.

    `memberships` are all the places of the person who asks for a page, by the names of their accounts.
    """

    account: Account
    memberships: Sequence[Member]
    member: Member | None
    api_token: ApiToken | None


class TimeZoneMiddleware:
    """Shows moments in the reader's time zone; in UTC to whom we do not know.

    The zone stays until the thread's next request sets its own, since a streamed answer is written after this returns.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        timezone.deactivate()
        # Without a session's cookie there is nobody to look up, and the answer need not vary by it.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            timezone.activate(ZoneInfo(request.user.time_zone))
        return self.get_response(request)


class ActivityMiddleware:
    """Notes, for the list of a person's sessions, from where and when each was used: at most once a minute."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session, now = request.session, int(time.time())
        is_logged_in = session.session_key is not None and request.user.is_authenticated
        if is_logged_in and now - session.get(_NOTED_AT, 0) >= NOTED_EVERY_SECONDS:
            UserSession.objects.create_from_request(request)
            session[_NOTED_AT] = now
        return self.get_response(request)


class AccountScopeMiddleware:
    """Answers `/a/<slug>/…` for members, and `/api/…` for tokens, in the scope of their account.

    The scope lasts until the response is sent, streamed ones too. A stranger gets the 404 of an account that is not
    there; who is not logged in is sent to the log-in. An API request without a good token goes on outside any scope,
    and is refused by the API itself.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if match := _PAGE.match(request.path_info):
            return self._page(cast(AccountRequest, request), match["slug"])
        if request.path_info.startswith(_API):
            return self._api(cast(AccountRequest, request))
        return self.get_response(request)

    def _page(self, request: AccountRequest, slug: str) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_login(request, slug)
        request.memberships = memberships_of(request.user)
        member = next((place for place in request.memberships if place.account.slug == slug), None)
        if member is None:
            raise Http404
        request.account, request.member, request.api_token = member.account, member, None
        return self._in_scope(request)

    def _api(self, request: AccountRequest) -> HttpResponseBase:
        match = _TOKEN.fullmatch(request.headers.get("Authorization", ""))
        token = find_token(match["secret"]) if match else None
        if token is None:
            return self.get_response(request)
        request.account, request.member, request.api_token = token.account, None, token
        return self._in_scope(request)

    def _in_scope(self, request: AccountRequest) -> HttpResponseBase:
        account_id = request.account.id
        with account_scope(account_id):
            response = self.get_response(request)
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            chunks = cast(Iterable[bytes], response.streaming_content)
            response.streaming_content = _streamed_in_scope(account_id, chunks)
        return response


def memberships_of(user: User) -> Sequence[Member]:
    """Their places, by the names of the accounts; one query."""
    return list(Member.objects.select_related("account").filter(user=user).order_by("account__name", "account_id"))


def _to_login(request: HttpRequest, slug: str) -> HttpResponse:
    """To the log-in, and back from there. A part of a page cannot show one: static/js/app.js takes the whole page."""
    htmx = HtmxDetails(request)
    if not htmx:
        return redirect_to_login(_page_of(request, slug))
    login = redirect_to_login(htmx.current_url_abs_path or "/")
    return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"X-Login-Required": login["Location"]})


def _page_of(request: HttpRequest, slug: str) -> str:
    """The page to come back to. What was sent is lost, and its address shows nothing: the page that sent it does."""
    if request.method in SAFE_METHODS:
        return request.get_full_path()
    sender = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(sender, {request.get_host()}, require_https=request.is_secure()):
        return urlunsplit(("", "", *urlsplit(sender)[2:4], "")) or "/"
    return f"/a/{slug}/"


def _streamed_in_scope(account_id: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    with account_scope(account_id):
        yield from chunks
