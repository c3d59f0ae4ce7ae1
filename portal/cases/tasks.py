"""The doorbells of the cases app."""

from celery import shared_task

from portal.cases import actions


@shared_task
def sweep_receipts() -> None:
    actions.forget_receipts()


@shared_task
def sweep_drafts() -> None:
    actions.forget_drafts()
