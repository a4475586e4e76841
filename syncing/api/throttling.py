"""So many requests a minute for each token, and fewer for each address without one; counted in Redis by all workers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView

WINDOW_SECONDS = 60


class PerMinute(BaseThrottle):
    """Counts by the minute of the clock: one counter to add to, whichever process answers."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        window = int(time.time()) // WINDOW_SECONDS
        who, most = self._limit(request)
        key = f"api-requests:{who}:{window}"
        cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
        return cache.incr(key) <= most

    def wait(self) -> float:
        """Seconds until the next window begins."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS

    def _limit(self, request: Request) -> tuple[str, int]:
        if isinstance(request.auth, ApiToken):
            return f"token-{request.auth.id}", settings.API_REQUESTS_PER_MINUTE
        return f"address-{self.get_ident(request)}", settings.API_ANONYMOUS_REQUESTS_PER_MINUTE
