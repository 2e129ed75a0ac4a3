"""What old ledgers and the bank tell the office: their sheets, the journal's sentences."""


def register():
    # Rooms above the registers are loaded when the app is ready, not when this module is read.
    from billing.imports import sheets

    sheets.declare()
