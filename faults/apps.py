from django.apps import AppConfig


class FaultsConfig(AppConfig):
    name = "faults"
    label = "faults"
    verbose_name = "Faults"
    default_auto_field = "django.db.models.BigAutoField"
