"""The doorbell. State lives in rows; a message only says which row to look at."""

import logging
import os
from functools import partial
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.db import transaction
from kombu.exceptions import KombuError, OperationalError

logger = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")


class Doorbell(DjangoTask):
    """A task whose bell may be lost: the row stays, and a sweep rings again."""

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:
        transaction.on_commit(partial(self.ring, *args, **kwargs))

    def ring(self, *args: Any, **kwargs: Any) -> None:
        """Ring now. A dead broker is no reason to fail the person who waits."""
        try:
            # A bell that nobody heard in time is rung again by a sweep; let it die.
            self.apply_async(args, kwargs, expires=600)
        except (OSError, KombuError, OperationalError) as error:
            logger.warning("bell lost: %s (%s)", self.name, type(error).__name__)


app = Celery("portal", task_cls=Doorbell)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
