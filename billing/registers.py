"""What the billing app tells the office: number series, journal sentences, set-up of a new estate."""

from django.utils.translation import gettext_lazy as _

from office import series, setup


def register():
    from billing import (  # here: models load when the apps do
        catalogue,
        counter_registers,
        ledger_registers,
        meter_registers,
        run_registers,
        standard_registers,
    )

    setup.register(catalogue.load)
    # Translators: 收據
    series.PATTERNS["receipt"] = "S{year}-{n:06d}"
    series.LABELS["receipt"] = _("receipts")
    # Translators: 帳單
    series.PATTERNS["bill"] = "B{year}-{n:06d}"
    series.LABELS["bill"] = _("bills")
    ledger_registers.register()
    run_registers.register()
    counter_registers.register()
    meter_registers.register()
    from billing import bank_registers

    bank_registers.register()
    standard_registers.register()
    from billing import closing_registers

    closing_registers.register()
    from billing import figure_registers

    figure_registers.register()
