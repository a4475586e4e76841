from django.apps import AppConfig


class CloudDepotConfig(AppConfig):
    name = "cloud_depot"
    label = "cloud_depot"
    verbose_name = "Cloud Depot"

    def ready(self) -> None:
        from cloud_depot import checks  # noqa: F401, PLC0415  (importing registers them)
