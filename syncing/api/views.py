"""What the API's views have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from syncing.api.fields import StrictSerializer, refused_names
from syncing.api.pagination import CursorPage
from syncing.api.problems import InvalidParameters
from tenants.middleware import AccountRequest
from tenants.models import Account, ApiToken
from tenants.permissions import Permission

PAGE_PARAMETERS = (CursorPage.cursor_query_param, CursorPage.page_size_query_param)


class StrictQueryView(GenericAPIView[Any]):
    """Reads the query string of a GET into `self.query`, and refuses names that it does not know.

    A known name without a value is as if left out.
    """

    query_serializer: ClassVar[type[StrictSerializer]] = StrictSerializer
    is_paged: ClassVar[bool] = False

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    query: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.query = self._read_query(request)

    def _read_query(self, request: Request) -> dict[str, Any]:
        given: dict[str, Any] = {
            name: values[0] if len(values) == 1 else values for name, values in request.query_params.lists()
        }
        if request.method not in ("GET", "HEAD"):
            if given:
                raise InvalidParameters(refused_names(given, ()))
            return {}
        if self.is_paged:
            given = {name: value for name, value in given.items() if name not in PAGE_PARAMETERS}
        known = self.query_serializer().fields
        given = {name: value for name, value in given.items() if value != "" or name not in known}
        serializer = self.query_serializer(data=given)
        if not serializer.is_valid():
            raise InvalidParameters(serializer.errors)
        return cast(dict[str, Any], serializer.validated_data)


class AccountView(StrictQueryView):
    """Answers for the account of the token. `permissions` names, by method, what the token needs; else it is to see."""

    permissions: ClassVar[Mapping[str, Permission]] = {}

    @property
    def account(self) -> Account:
        return cast(AccountRequest, self.request).account

    @property
    def token(self) -> ApiToken:
        return cast(ApiToken, self.request.auth)

    @property
    def by(self) -> str:
        """Whose change it is, for the history."""
        return f"API token “{self.token.name}”"

    def body(self, serializer_class: type[Serializer[Any]], **context: Any) -> dict[str, Any]:
        """The body, validated. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data, context={"account": self.account, **context})
        serializer.is_valid(raise_exception=True)
        return cast(dict[str, Any], serializer.validated_data)


class NothingHereView(APIView):
    """Whatever the API has no address for."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound("There is nothing at this address.")

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Never reached: it makes DRF take this for a view."""
        raise NotFound
