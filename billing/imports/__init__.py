"""Old ledgers and opening balances out of a workbook (SPEC §14): `sheets` reads the cells, `history` the whole file."""
