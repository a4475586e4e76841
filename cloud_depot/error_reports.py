"""What Django's reports of errors leave out, on the debug page and in mails."""

import re

from django.views.debug import SafeExceptionReporterFilter


class ReportFilter(SafeExceptionReporterFilter):
    """As Django's, and without the addresses of our servers, which hold passwords."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|REDIS_URL|DATABASE_URL|BROKER_URL|LOCATION",
        re.IGNORECASE,
    )
