from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Guanjia"

    def ready(self):
        from config import checks, month  # noqa: F401  the first registers the system checks

        month.compose()
