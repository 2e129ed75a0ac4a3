#!/usr/bin/env python
"""Django's command line, with two additions.

Commands that change the schema run as the database role `owner`, all others as `app` (ARCHITECTURE §3).
Without DATABASE_URL the embedded servers are started for the command and stopped after it, unless somebody
else uses them.
"""

import os
import sys

OWNER_COMMANDS = {"createcachetable", "flush", "inspectdb", "makemigrations", "migrate", "optimizemigration"}
OWNER_COMMANDS |= {"pgtrigger", "showmigrations", "sqlflush", "sqlmigrate", "squashmigrations"}
# These read no database; starting servers for them would only cost time.
OFFLINE_COMMANDS = {"", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help"}
OFFLINE_COMMANDS |= {"makemessages", "version"}


def main(argv):
    command = next((word for word in argv[1:] if not word.startswith("-")), "")
    if command in OWNER_COMMANDS:
        os.environ.setdefault("GUANJIA_DB_ROLE", "owner")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    if command not in OFFLINE_COMMANDS and not {"-h", "--help"} & set(argv):
        from django.conf import settings

        from config import embedded

        if settings.EMBEDDED:
            try:
                embedded.ensure(settings.DATA_DIR, test=settings.TESTING)
            except embedded.EmbeddedError as refusal:
                sys.exit(str(refusal))
    execute_from_command_line(argv)


if __name__ == "__main__":
    main(sys.argv)
