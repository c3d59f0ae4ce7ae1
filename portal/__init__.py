"""portal remembers: everything we must store, show or send."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
