from django.apps import AppConfig
from django.db.backends.signals import connection_created

from tenants.scope import apply_on_connect


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        connection_created.connect(apply_on_connect, dispatch_uid="tenants.scope")
