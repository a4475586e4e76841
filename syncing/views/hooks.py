"""`/hooks/xero/`: where Xero sends its events. It wants an answer within five seconds, without body or cookie."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from syncing.xero.webhooks import is_signed, look_soon, organisations_told_of

# A few thousand events; Xero sends far fewer at once.
LARGEST_BODY = 1_000_000


@csrf_exempt
@require_POST
def xero(request: HttpRequest) -> HttpResponse:
    """401 for what is not signed with our key, which Xero tries on purpose; 200 for the rest, known to us or not."""
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return HttpResponse(status=413)
    if not is_signed(body, request.headers.get("X-Xero-Signature", "")):
        return HttpResponse(status=401)
    for organisation_id in organisations_told_of(body):
        look_soon(organisation_id)
    return HttpResponse()
