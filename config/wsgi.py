"""The web process. Production refuses to start on unsafe settings; the default run starts its servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("GUANJIA_POOL", "1")

application = get_wsgi_application()

from config import start  # noqa: E402 needs the applications to be loaded

start.prepare()
