"""The doorbells of the notices app: claim the row, call one action."""

from celery import shared_task

from portal.celery import ring
from portal.notices import actions
from portal.notices.models import Notice


@shared_task
def deliver_notice(pk: int) -> None:
    """Deliver one approved notice. Safe to ring twice: whoever claims the row sends it.

    When to try again stands in the row, so that a lost retry is only a later one.
    """
    if notice := Notice.objects.claim(pk):
        actions.deliver(notice)


@shared_task
def sweep_notices() -> None:
    for pk in Notice.objects.stranded().values_list("pk", flat=True):
        ring(deliver_notice, pk)


@shared_task
def sweep_deadlines() -> None:
    actions.settle()
