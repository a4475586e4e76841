"""Wiring: settings, addresses, Celery, checks, and the embedded servers of development."""

from cloud_depot.celery import app as celery_app

__all__ = ["celery_app"]
