from django.conf import settings
from django.core.management import call_command
from django.db import migrations

APPEND_ONLY = ["office_event", "office_accesslog"]


def make_cache_table(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def drop_cache_table(apps, schema_editor):
    schema_editor.execute("DROP TABLE IF EXISTS office_cache")


def revoke_changes(apps, schema_editor):
    """Triggers refuse changes to append-only tables for everybody; the application is not even granted them."""
    if settings.APP_DATABASE_USER != settings.OWNER_DATABASE_USER:
        app = schema_editor.quote_name(settings.APP_DATABASE_USER)
        for table in APPEND_ONLY:
            schema_editor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {app}")


class Migration(migrations.Migration):
    dependencies = [("office", "0001_initial")]

    operations = [
        migrations.RunPython(make_cache_table, drop_cache_table),
        migrations.RunPython(revoke_changes, migrations.RunPython.noop),
    ]
