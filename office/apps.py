from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OfficeConfig(AppConfig):
    name = "office"
    verbose_name = _("Office")

    def ready(self):
        from office import checks, escalation, housekeeping, jobs, lists, month_end, outbox, registers  # noqa: F401  registers the system checks
        from office.actions import handing
        from office.imports import intake

        # `office` stands below the other apps in INSTALLED_APPS: their kinds of promise are registered by now.
        registers.register()
        escalation.register_sweeps()
        outbox.register_sweep()
        jobs.set_up()
        lists.register()
        housekeeping.register_sweep()
        month_end.register_sweeps()
        intake.set_up()
        handing.set_up()
