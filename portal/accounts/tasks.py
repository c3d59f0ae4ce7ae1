"""The accounts app's one bell. Knows no rules: `sessions` decides."""

from celery import shared_task

from portal.accounts import sessions


@shared_task
def sweep_sessions() -> None:
    """An ended session is no use to anybody but a thief."""
    sessions.forget_ended()
