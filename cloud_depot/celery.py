"""The Celery application: workers and beat. Every policy stands in the settings under CELERY_."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cloud_depot.settings")

app = Celery("cloud_depot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
