"""The doorbells of the cases app."""

from celery import shared_task
from django.db import transaction

from portal.cases import actions, ending, keys, receipts, retention


@shared_task
def sweep_receipts() -> None:
    receipts.forget_receipts()
    # The web server keeps its connections, so SQLite's log would outlive what it tells of.
    transaction.on_commit(keys.empty_log)


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
