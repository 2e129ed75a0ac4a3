"""Data that comes in from workbooks: read, checked, mended, applied, rolled back (SPEC §14; UX G6)."""
