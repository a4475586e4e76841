"""Every address of the product (the design's HTTP surface), each app's under its own module."""

from django.contrib import admin
from django.urls import include, path

from cloud_depot import health

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("syncing.connect_urls")),
]
