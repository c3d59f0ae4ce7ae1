"""The doorbells of the cases app."""

from celery import shared_task

from portal.cases import actions, ending, keys, receipts, retention


@shared_task
def sweep_receipts() -> None:
    receipts.forget_receipts()


@shared_task
def sweep_endings() -> None:
    ending.apply_tombstones()
    ending.finish_endings()


@shared_task
def sweep_retention() -> None:
    for decision in retention.decisions():
        ending.carry_out(decision)


@shared_task
def sweep_drafts() -> None:
    actions.forget_drafts()


@shared_task
def sweep_leavers() -> None:
    keys.drop_leavers()
