"""Every address of the product, each app's in a file of its own."""

from django.urls import include, path

from cloud_depot import health, metrics
from support.site import desk

urlpatterns = [
    path("", include("faults.urls")),
    path("", include("support.urls")),
    path("", include("syncing.account_urls")),
    path("", include("syncing.connect_urls")),
    path("", include("syncing.fault_urls")),
    path("", include("syncing.settings_urls")),
    path("", include("syncing.urls")),
    path("", include("tenants.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", desk.urls),
    path("api/", include("syncing.api.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("readyz", health.readyz, name="readyz"),
]
