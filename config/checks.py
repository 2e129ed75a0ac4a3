"""What production refuses: in `check --deploy`, and before any production process serves anything.

Django's own `check --deploy` covers cookies, TLS and headers; these are the four things it cannot know.
"""

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import DatabaseError, connection
from django.db.models import Q


@register(Tags.security, deploy=True)
def unsafe_production(app_configs=None, **kwargs):
    return refusals()


def refusals():
    """Everything that keeps this installation from being opened to people; empty when all is well."""
    found = []
    if settings.DEBUG:
        found.append(Error("DEBUG is on.", hint="Unset DEBUG.", id="config.E001"))
    if settings.SECRET_KEY == settings.DEFAULT_SECRET or len(settings.SECRET_KEY) < 50:
        hint = "Set SECRET_KEY (or SECRET_KEY_FILE) to at least 50 random characters."
        found.append(Error("SECRET_KEY is the default or too short.", hint=hint, id="config.E002"))
    if settings.APP_DATABASE_USER == settings.OWNER_DATABASE_USER:
        hint = "Give MIGRATE_DATABASE_URL the owner's role and DATABASE_URL a role without DDL."
        found.append(Error("One database role both migrates and runs.", hint=hint, id="config.E003"))
    elif may_change_schema():
        hint = "Run the application as a role that owns nothing; docs/operations.md has the statements."
        found.append(Error("The application's database role may change tables.", hint=hint, id="config.E006"))
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        hint = "Set ALLOWED_HOSTS to the names people type, separated by commas."
        found.append(Error("ALLOWED_HOSTS is empty or open to every name.", hint=hint, id="config.E004"))
    if not settings.PUBLIC_URL.startswith("https://"):
        hint = "Set PUBLIC_URL to the address people type, such as https://office.example.org."
        found.append(Error("QR codes on paper would lead nowhere: PUBLIC_URL.", hint=hint, id="config.E007"))
    if accounts := demonstration_accounts():
        hint = "Start on an empty database, or deactivate these accounts."
        said = f"Demonstration accounts: {', '.join(accounts)}."
        found.append(Error(said, hint=hint, id="config.E005"))
    return found


def may_change_schema():
    """Asked of the database itself, because two names in two addresses prove little."""
    question = (
        "SELECT has_schema_privilege('public', 'CREATE') OR "
        "EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreatedb OR rolcreaterole))"
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0]
    except DatabaseError:
        connection.close()
        return False


def demonstration_accounts():
    """Active accounts that `load_demo` made or that open with its password; none without a database."""
    from django.contrib.auth import get_user_model

    named = Q(is_demo=True) | Q(username__in=settings.DEMO_ACCOUNTS)
    try:
        rows = list(get_user_model().objects.filter(named, is_active=True).order_by("username")[:50])
    except DatabaseError:  # not migrated or not reachable: nothing to refuse yet, /readyz says so
        connection.close()
        return []
    return [row.username for row in rows if row.is_demo or row.check_password(settings.DEMO_PASSWORD)]
