from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    # Translators: 收費
    verbose_name = _("Fees")

    def ready(self):
        from billing import registers

        registers.register()
