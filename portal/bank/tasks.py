"""The doorbells of the bank."""

import logging

from celery import shared_task
from django.conf import settings

import tracker
from portal.bank.following import publish, tail_length

logger = logging.getLogger(__name__)


@shared_task
def publish_index() -> None:
    """Publish a generation of each type whose tail has grown long."""
    for type_ in tracker.SIGNALS:
        try:
            if tail_length(type_) >= settings.INDEX_PUBLISH_AFTER:
                publish(type_)
        except OSError as error:  # a full disk: what is published serves, and the tail
            logger.error("%s not published (%s)", type_, type(error).__name__)  # noqa: TRY400 (its words name paths)
