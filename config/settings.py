"""One settings file; the environment decides.

Three modes, never mixed:
- *demonstration* (no DATABASE_URL, the default run): embedded servers under DATA_DIR, demonstration data, DEBUG off.
- *test*: pytest sets GUANJIA_TEST; embedded servers of their own.
- *production*: DATABASE_URL is given; `check --deploy` and `config.checks` refuse what is unsafe.
"""

import os
import secrets
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

DATA_DIR = Path(env("DATA_DIR", default="") or BASE_DIR / ".data").resolve()
TESTING = env.bool("GUANJIA_TEST", default=False)
EMBEDDED = not env("DATABASE_URL", default="")
DEMO = EMBEDDED and not TESTING
PRODUCTION = not EMBEDDED and not TESTING
DEBUG = env.bool("DEBUG", default=False)


def _kept_secret(name):
    """A random secret made once under DATA_DIR (mode 0600), for the embedded modes only."""
    path = DATA_DIR / name
    if not path.exists():
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_text().strip()


DEFAULT_SECRET = "change-me"  # noqa: S105 the one that production refuses
SECRET_KEY = env("SECRET_KEY", default=DEFAULT_SECRET if PRODUCTION else "").strip() or _kept_secret(
    "secret_key"
)
# AES keys of identity numbers: lines "key-id:base64 of 32 bytes", newest last. Production sets the path.
IDENTITY_KEYS_FILE = Path(env("IDENTITY_KEYS_FILE", default=str(DATA_DIR / "identity_keys")))

ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    default=[]
    if PRODUCTION
    else ["127.0.0.1", "localhost", "[::1]", env("HOST", default="127.0.0.1"), "testserver"],
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- database and broker -----------------------------------------------------------------------------------
# Two roles from the first migration: `owner` migrates, `app` runs (web, workers, tests). manage.py sets
# GUANJIA_DB_ROLE=owner for the few commands that change the schema.
if EMBEDDED:
    _urls = embedded.urls(DATA_DIR, test=TESTING)
    DATABASE_URL, MIGRATE_DATABASE_URL, REDIS_URL = _urls.app, _urls.owner, _urls.redis
else:
    DATABASE_URL = env("DATABASE_URL").strip()  # a secret's file may end with a line break
    MIGRATE_DATABASE_URL = env("MIGRATE_DATABASE_URL", default=DATABASE_URL).strip()
    REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")

DATABASE_ROLE = env("GUANJIA_DB_ROLE", default="app")
_database = env.db_url_config(MIGRATE_DATABASE_URL if DATABASE_ROLE == "owner" else DATABASE_URL)
APP_DATABASE_USER = env.db_url_config(DATABASE_URL)["USER"]
OWNER_DATABASE_USER = env.db_url_config(MIGRATE_DATABASE_URL)["USER"]
_database.setdefault("OPTIONS", {})
if TESTING:  # a test that starts real processes sends them to its own clone and its own broker
    _database["NAME"] = env("GUANJIA_TEST_DATABASE", default=_database["NAME"])
    REDIS_URL = env("GUANJIA_TEST_REDIS", default=REDIS_URL)
if env.bool("GUANJIA_POOL", default=False):  # web processes only: a new connection costs 6-10 ms a request
    _size = env.int("DATABASE_POOL_SIZE", default=8)
    _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": _size, "timeout": 10}
else:
    _database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    _database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "max_retries": 1,
    "interval_max": 0.2,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_TASK_TIME_LIMIT = 3600

# --- applications ------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "tickets",
    "billing",
    "residents",
    "office",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "template_partials",
    "pgtrigger",
    "django_prometheus",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "office.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "office.middleware.PostingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "office.middleware.AccessMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "office.templatetags.ui",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.desk.frame",
            ],
        },
    }
]
FORM_RENDERER = "office.forms.Renderer"

# --- people ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "office.Staff"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "office.accounts.Adapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = None
# Throttling counts by the address of the caller: behind one proxy the last of X-Forwarded-For, else the peer.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("ALLAUTH_TRUSTED_PROXY_COUNT", default=0)
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Guanjia"
# SPEC §1 / access: a second factor from supervisor up in production, off in the demonstration.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=PRODUCTION)

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Every cache fails over to the database: with the broker stopped the pages still work.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "office_cache"}}

# --- language and time -------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hant"
LANGUAGES = [("en", "English"), ("zh-hant", "繁體中文"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
PRODUCT_NAME = _("Guanjia")

# --- files -------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = (
    DATA_DIR / "static" if EMBEDDED else Path(env("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TESTING
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(DATA_DIR / "files")))
FILTERS_EMPTY_CHOICE_LABEL = _("any")  # what a filter says that narrows nothing
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_MAX_BYTES = 15 * 1024 * 1024

# --- safety ------------------------------------------------------------------------------------------------
X_FRAME_OPTIONS = "SAMEORIGIN"  # record pages show their own attachments and prints in frames
SILENCED_SYSTEM_CHECKS = ["security.W019"]  # … which is what this check would like to forbid
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "office.views.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [SELF],
    }
}
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31536000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

# --- demonstration -----------------------------------------------------------------------------------------
# One account per role, made by `load_demo` in the demonstration only; production refuses them (config.checks).
DEMO_ACCOUNTS = ["clerk", "cashier", "lead", "technician", "guard"]
DEMO_ACCOUNTS += ["supervisor", "director", "finance", "auditor", "admin"]
DEMO_PASSWORD = "guanjia-demo-2026"  # noqa: S105  printed by `make run`

# --- the office's own knobs --------------------------------------------------------------------------------
# Channel → gateway class (ARCHITECTURE: default stores and shows; real ones by setting).
MESSAGE_GATEWAYS = {
    "desk": "office.gateways.DeskGateway",
    "sms": env("SMS_GATEWAY", default="office.gateways.DatabaseGateway"),
    "email": env("EMAIL_GATEWAY", default="office.gateways.DatabaseGateway"),
    "paper": "office.gateways.LetterGateway",
}
# SmtpGateway: EMAIL_URL=smtp+tls://user:password@host:587; HttpSmsGateway: SMS_URL, SMS_TOKEN.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
MESSAGE_LEASE = env.int("MESSAGE_LEASE", default=300)  # seconds; an older claim belongs to a dead worker
MESSAGE_TIMEOUT = env.int("MESSAGE_TIMEOUT", default=20)  # seconds a gateway may take; well inside the lease
EMAIL_TIMEOUT = MESSAGE_TIMEOUT
# Imports, exports and batch prints at a time, over all workers: fewer than the workers have slots (two by default),
# so that messages and reminders never wait behind them.
JOBS_AT_ONCE = env.int("JOBS_AT_ONCE", default=1)
# More rows than this are exported by a worker, with progress; fewer are streamed to the browser at once.
EXPORT_JOB_ROWS = env.int("EXPORT_JOB_ROWS", default=100_000)

DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="office@localhost")
EMAIL_MESSAGE_DOMAIN = DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
SMS_URL = env("SMS_URL", default="")
SMS_TOKEN = env("SMS_TOKEN", default="")
# What QR codes point to: an address the crew's telephones can open.
PUBLIC_URL = env(
    "PUBLIC_URL",
    default="" if PRODUCTION else f"http://{env('HOST', default='127.0.0.1')}:{env('PORT', default='8000')}",
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING" if TESTING else "INFO")},
    "loggers": {"fontTools": {"level": "ERROR"}, "weasyprint": {"level": "ERROR"}},
}
