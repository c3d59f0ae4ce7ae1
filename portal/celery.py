"""The doorbell. State lives in rows; a message only says which row to look at."""

import logging
import os
from functools import partial

from celery import Celery, Task
from celery.signals import beat_init, worker_init
from django.db import transaction
from kombu.exceptions import KombuError

from portal.checks import refuse_to_start

logger = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
for starts in (worker_init, beat_init):
    starts.connect(refuse_to_start)

# A bell that nobody heard in time is rung again by a sweep; until then it may die.
HEARD_WITHIN = 600  # seconds


def ring(task: Task[[int], None], pk: int) -> None:
    """Ring for one row. A dead broker is no reason to fail the person who waits."""
    try:
        task.apply_async((pk,), expires=HEARD_WITHIN)
    except (OSError, KombuError) as error:
        logger.warning("bell lost: %s (%s)", task.name, type(error).__name__)


def ring_on_commit(task: Task[[int], None], pk: int) -> None:
    """Ring once the row is there for a worker to see."""
    transaction.on_commit(partial(ring, task, pk))
