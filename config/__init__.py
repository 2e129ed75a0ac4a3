"""The composition root: settings, addresses, timetable, and what is put together from several rooms."""

from config.celery import app as celery_app

__all__ = ("celery_app",)
