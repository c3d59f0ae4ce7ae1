"""The doorbells of the accounts app."""

from celery import shared_task

from portal.sessions import SessionStore


@shared_task
def sweep_sessions() -> None:
    """Delete the rows of visits that are over: nobody else does, and each tells of one."""
    SessionStore.clear_expired()
