"""The API's description of itself, at `/api/v1/schema/`, and a page to read it."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class Schema(SpectacularAPIView):
    """The description. Public, as the API's addresses are no secret."""

    authentication_classes = ()


class Docs(SpectacularSwaggerSplitView):
    """The description to read and to try: its script comes from an address of its own, as our policy wants it."""

    authentication_classes = ()
    template_name = "api/docs.html"
