"""The doorbells of the bank."""

import logging
from collections.abc import Callable

from celery import shared_task
from django.conf import settings

import tracker
from portal.bank.following import needs_anew, publish, tail_length

logger = logging.getLogger(__name__)


@shared_task
def publish_index() -> None:
    """Publish a generation of each type whose tail has grown long."""
    _publish_where(lambda type_: tail_length(type_) >= settings.INDEX_PUBLISH_AFTER)


@shared_task
def check_index() -> None:
    """Publish anew what is damaged, and what holds signals that were withdrawn."""
    _publish_where(needs_anew)


def _publish_where(is_due: Callable[[str], bool]) -> None:
    for type_ in tracker.SIGNALS:
        try:
            if is_due(type_):
                publish(type_)
        except OSError as error:  # a full disk: what is published serves, and the tail
            logger.error("%s not published (%s)", type_, type(error).__name__)  # noqa: TRY400 (its words name paths)
