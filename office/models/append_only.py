import pgtrigger


def append_only():
    """The database refuses to change or remove what was written, whoever asks (ARCHITECTURE §3)."""
    return pgtrigger.Trigger(
        name="append_only",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func="RAISE EXCEPTION 'append-only: % of % is refused', TG_OP, TG_TABLE_NAME;",
    )
