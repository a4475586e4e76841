"""The web server of production. It writes no access log: a request has a line in our own (cloud_depot/logs.py)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cloud_depot.settings")

from django.conf import settings

bind = "0.0.0.0:8000"
workers = 2
threads = 8
worker_tmp_dir = "/dev/shm"  # noqa: S108 - in memory, so that a slow disk does not look like a hung worker
control_socket_disable = True
# At SIGTERM, requests in progress have so many seconds to end.
graceful_timeout = 25
logconfig_dict = settings.LOGGING
