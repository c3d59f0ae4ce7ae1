"""The doorbells of the cases app."""

from celery import shared_task

from portal.cases import actions, keys


@shared_task
def sweep_receipts() -> None:
    actions.forget_receipts()


@shared_task
def sweep_leavers() -> None:
    keys.drop_leavers()
