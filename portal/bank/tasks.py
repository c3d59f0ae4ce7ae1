"""The doorbells of the bank."""

from celery import shared_task
from django.conf import settings

import tracker
from portal.bank.following import publish, tail_length


@shared_task
def publish_index() -> None:
    """Publish a generation of each type whose tail has grown long."""
    for type_ in tracker.SIGNALS:
        if tail_length(type_) >= settings.INDEX_PUBLISH_AFTER:
            publish(type_)
