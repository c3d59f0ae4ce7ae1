"""The doorbells of the bank."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings

import tracker
from portal.bank.following import needs_anew, publish, tail_length

logger = logging.getLogger(__name__)


@shared_task
def publish_index() -> None:
    """Publish a generation of each type whose tail has grown long."""
    for type_ in tracker.SIGNALS:
        with _going_on(type_):
            if tail_length(type_) >= settings.INDEX_PUBLISH_AFTER:
                publish(type_)


@shared_task
def check_index() -> None:
    """Publish anew what is damaged, and what holds signals that were withdrawn."""
    for type_ in tracker.SIGNALS:
        with _going_on(type_):
            if needs_anew(type_):
                publish(type_)


@contextmanager
def _going_on(type_: str) -> Iterator[None]:
    """On a full disk what is published serves, with its tail. An error's words name paths."""
    try:
        yield
    except OSError as error:
        logger.error("%s not published (%s)", type_, type(error).__name__)  # noqa: TRY400
