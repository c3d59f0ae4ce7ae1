"""Letters between the victim and the desk, sealed to the case, and the day to look in again."""

from datetime import date

from django.db import transaction

from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.cases import evidence
from portal.cases.actions import act, record_event
from portal.cases.models import Case, Message, coarse_now


@transaction.atomic
def send_message(case: Case, words: str, *, written_by: User | None = None) -> Message:
    """A letter, sealed to the case; from the victim, or from a worker."""
    sealed = evidence.seal(case, words.encode())
    message = Message.objects.create(case=case, sealed=sealed, written_by=written_by)
    if written_by is None:
        act(case)
    else:
        audit(written_by, "write", f"case:{case.pk}", f"message:{message.pk}")
        record_event(case, "message", once=f"message:{message.pk}")
    return message


def mark_read(case: Case) -> None:
    """The desk has seen what the victim wrote. Kept to the hour."""
    unread = case.messages.filter(written_by=None, read_at=None)
    unread.update(read_at=coarse_now())


def read_messages(case: Case) -> None:
    """The victim has seen what the desk wrote. Kept to the hour."""
    unread = case.messages.filter(written_by__isnull=False, read_at=None)
    unread.update(read_at=coarse_now())


def ask_back(case: Case, day: date, *, by: User) -> None:
    """Ask the victim to look in again on a day. Nothing is sent: we know no address."""
    audit(by, "ask_back", f"case:{case.pk}", day.isoformat())
    Case.objects.filter(pk=case.pk).update(come_back_on=day)
