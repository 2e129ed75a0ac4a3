"""The product's settings in test mode; started processes inherit the word through the environment."""

import os

os.environ["GUANJIA_TEST"] = "1"
for _word in (
    "DATABASE_URL",
    "MIGRATE_DATABASE_URL",
    "REDIS_URL",
    "GUANJIA_POOL",
    "GUANJIA_DB_ROLE",
    "DEBUG",
):
    os.environ.pop(_word, None)

from config.settings import *  # noqa: E402, F403

# Static files come from where they were written; nothing is collected, and nobody is warned that it was not.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405
WHITENOISE_MAX_AGE = 3600  # a browser fetches them once
# Argon2 costs half a second a log-in; what it protects is not here.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
