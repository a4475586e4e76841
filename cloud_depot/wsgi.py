"""The WSGI application that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cloud_depot.settings")

application = get_wsgi_application()

# What is loaded by now lives as long as the process. The garbage collector need not look through it again and again,
# which would take a tenth of a second from some request each time. The views are loaded with the addresses.
_ = get_resolver().url_patterns
gc.collect()
gc.freeze()
