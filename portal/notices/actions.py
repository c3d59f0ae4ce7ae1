"""Writes of the notices app: from a draft to a copy that is gone. Two people send one.

Each is one transaction, except `deliver`: nothing may hold a lock while a server answers.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.actions import audit
from portal.accounts.models import Organisation, User
from portal.cases.actions import record_event
from portal.cases.ending import require_applied
from portal.cases.models import Case, Consent
from portal.notices import compose, deadlines
from portal.notices.channels import channel
from portal.notices.channels.base import ChannelError
from portal.notices.models import Deadline, Delivery, Notice
from portal.notices.validation import Problem, problems, refusal
from portal.platforms.models import Platform
from portal.platforms.rules import Rule, RuleError
from portal.platforms.rules import rule as rule_of
from portal.sightings import rechecking
from portal.sightings.actions import raise_alert
from portal.sightings.models import Alert, Sighting

State = Notice.State
NOTICES = Consent.Kind.NOTICES
MAX_ATTEMPTS = 12  # about a day
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)


class NoticeError(Exception):
    """A step that is refused: why, in a plain sentence, and what is wrong, if anything."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


@transaction.atomic
def draft(
    sighting: Sighting,
    worker: User,
    *,
    rule_id: str,
    recipient: Platform | None = None,
) -> Notice:
    """Draft a notice about a confirmed copy. The same again gives the open one.

    Raises NoticeError.
    """
    organisation = _organisation_of(worker)
    recipient = recipient or sighting.platform
    if recipient is None:
        raise NoticeError(_("Nobody knows yet which platform answers for this copy."))
    _require_wanted(sighting, recipient)
    rule = _rule(rule_id)
    if reason := rule.refusal(recipient, timezone.now().date()):
        raise NoticeError(reason)
    language = rule.language_for(recipient.language)
    notice, is_new = Notice.objects.open().get_or_create(
        sighting=sighting,
        rule=rule.id,
        recipient=recipient,
        defaults={
            "case": sighting.case,
            "rule_version": rule.version,
            "language": language,
            "elements": compose.elements(rule, sighting, organisation, language),
            "drafted_by": worker,
        },
    )
    if is_new:
        _write(notice, rule)
        audit(worker, "draft_notice", f"notice:{notice.pk}", f"under {rule.id}")
        _tell(notice, "notice_drafted")
    return notice


@transaction.atomic
def revise(notice: Notice, worker: User, *, elements: Mapping[str, str]) -> Notice:
    """Change elements of a draft, by name; an empty text takes one out.

    Whoever revises becomes the drafter: the words are theirs, so another approves them.
    Raises NoticeError.
    """
    rule = _rule(notice.rule)
    if reason := refusal(elements, rule, notice.language):
        raise NoticeError(reason)
    if _organisation_of(worker) != notice.drafted_by.organisation:
        raise NoticeError(_("This notice is in the name of another organisation."))
    locked = Notice.objects.select_for_update().filter(pk=notice.pk, state=State.DRAFT)
    draft = locked.first()
    if draft is None:
        raise NoticeError(_("This notice is no longer a draft."))
    merged = {name: _clean(text) for name, text in (draft.elements | elements).items()}
    draft.elements = {name: text for name, text in merged.items() if text}
    draft.rule_version = rule.version
    draft.drafted_by, draft.drafted_at = worker, timezone.now()
    _write(draft, rule)
    audit(worker, "revise_notice", f"notice:{draft.pk}", f"under {rule.id}")
    return draft


@transaction.atomic
def approve(notice: Notice, worker: User) -> Notice:
    """A second person lets the notice go out, as they read it. Raises NoticeError."""
    _organisation_of(worker)
    if worker.pk == notice.drafted_by_id:
        raise NoticeError(_("Another person than the drafter must approve a notice."))
    _require_wanted(notice.sighting, notice.recipient)
    if found := problems(notice):
        raise NoticeError(_("This notice cannot be sent yet."), found)
    as_read = Q(state=State.DRAFT, drafted_by=notice.drafted_by_id, body=notice.body)
    now = timezone.now()
    if not notice.move(
        State.APPROVED, on=as_read, approved_by=worker, approved_at=now, try_at=now
    ):
        raise NoticeError(_("Somebody changed this notice just now. Read it again."))
    audit(worker, "approve_notice", f"notice:{notice.pk}", f"under {notice.rule}")
    _tell(notice, "notice_approved")
    return notice


@transaction.atomic
def cancel(notice: Notice, worker: User, reason: str) -> Notice:
    """Give up a notice that is not yet on its way. Raises NoticeError."""
    _require_reason(reason)
    waiting = Q(state__in=[State.DRAFT, State.APPROVED])
    if not notice.move(State.CANCELLED, on=waiting):
        raise NoticeError(_("This notice is on its way already."))
    audit(worker, "cancel_notice", f"notice:{notice.pk}", reason)
    _tell(notice, "notice_cancelled")
    return notice


def deliver(notice: Notice) -> None:
    """Send a notice that this worker has claimed, and keep what came of it.

    What fails for now is tried again by a sweep, later and later; see Notice.try_at.
    """
    if notice.state != State.SENDING:
        raise ValueError("Claim the notice first: only one worker may send it.")
    require_applied()
    case = Case.objects.get(pk=notice.case_id)
    if case.is_withdrawn or not case.consents_to(NOTICES, notice.recipient.kind):
        _drop(notice)
        return
    if notice.attempts > MAX_ATTEMPTS:
        _keep_failure(notice, "too_many_attempts", permanent=True)
        return
    try:
        hours = rule_of(notice.rule).clock.hours
        receipt = channel(notice.recipient.channel).send(notice)
    except ChannelError as error:
        _keep_failure(notice, error.code, permanent=error.permanent)
    except RuleError:
        _keep_failure(notice, "unknown_rule", permanent=True)
    else:
        _keep_success(notice, receipt, timedelta(hours=hours))


@transaction.atomic
def acknowledge(notice: Notice, worker: User, receipt: str) -> Notice:
    """The recipient confirmed the notice with `receipt`. Raises NoticeError."""
    return _answer(notice, worker, State.ACKNOWLEDGED, receipt)


@transaction.atomic
def refuse(notice: Notice, worker: User, reason: str) -> Notice:
    """The recipient refused, for `reason`. Raises NoticeError."""
    return _answer(notice, worker, State.REFUSED, reason)


def settle() -> None:
    """Close notices whose copy is gone; raise the alarm where the time is over."""
    for notice in deadlines.removed().select_related("sighting"):
        _keep_removal(notice)
    for notice in deadlines.overdue():
        _keep_miss(notice)


def _organisation_of(worker: User) -> Organisation:
    if worker.organisation is None or not worker.is_active:
        raise NoticeError(_("Only staff of an organisation can work on notices."))
    return worker.organisation


def _require_wanted(sighting: Sighting, recipient: Platform) -> None:
    """The victim still wants it, and a person confirmed the copy. Raises NoticeError."""
    sighting.refresh_from_db()
    if sighting.case.is_withdrawn:
        raise NoticeError(_("This case has ended. Nothing more may be sent."))
    if not sighting.case.consents_to(NOTICES, recipient.kind):
        raise NoticeError(
            _("The victim did not agree to requests to such a recipient.")
        )
    if sighting.decision != Sighting.Decision.CONFIRMED:
        raise NoticeError(_("Nobody has confirmed this copy yet."))


def _require_reason(reason: str) -> None:
    if not _clean(reason):
        raise NoticeError(_("Please write why."))


def _clean(text: str) -> str:
    """Without blanks around it, and without what PostgreSQL cannot hold."""
    return text.replace("\x00", "").strip()


def _rule(rule_id: str) -> Rule:
    try:
        return rule_of(rule_id)
    except RuleError as error:
        raise NoticeError(str(error)) from None


def _write(notice: Notice, rule: Rule) -> None:
    notice.subject = compose.subject_of(notice, rule)
    notice.body = compose.body_of(notice, rule)
    notice.save()


def _tell(notice: Notice, kind: str, due: str = "") -> None:
    """Put a step on the victim's timeline: once for each notice."""
    once = f"{kind}:{notice.pk}"
    recipient = notice.recipient.name
    record_event(notice.case, kind, once=once, recipient=recipient, due=due)


def _mine(notice: Notice) -> Q:
    """The row as this worker claimed it: a claim that went stale is another's by now."""
    return Q(state=State.SENDING, claimed_at=notice.claimed_at)


@transaction.atomic
def _drop(notice: Notice) -> None:
    if notice.move(State.CANCELLED, on=_mine(notice)):
        _tell(notice, "notice_cancelled")


@transaction.atomic
def _keep_failure(notice: Notice, code: str, *, permanent: bool) -> None:
    Delivery.objects.create(
        notice=notice, channel=notice.recipient.channel, ok=False, error=code[:60]
    )
    if permanent or notice.attempts >= MAX_ATTEMPTS:
        if notice.move(State.FAILED, on=_mine(notice)):
            _tell(notice, "notice_failed")
    else:
        wait = min(FIRST_WAIT * 2 ** (notice.attempts - 1), LONGEST_WAIT)
        again = timezone.now() + wait
        notice.move(State.APPROVED, on=_mine(notice), claimed_at=None, try_at=again)


@transaction.atomic
def _keep_success(notice: Notice, receipt: str, time_to_act: timedelta) -> None:
    Delivery.objects.create(
        notice=notice, channel=notice.recipient.channel, ok=True, receipt=receipt[:300]
    )
    sent_at = timezone.now()
    if not notice.move(State.SENT, on=_mine(notice), sent_at=sent_at):
        return
    due_at = sent_at + time_to_act
    Deadline.objects.create(notice=notice, due_at=due_at)
    _tell(notice, "notice_sent", due=due_at.isoformat())
    rechecking.watch(notice.sighting)


def _answer(notice: Notice, worker: User, state: State, answer: str) -> Notice:
    _require_reason(answer)
    text, now = _clean(answer)[:300], timezone.now()
    if not notice.move(state, answer=text, answered_at=now):
        raise NoticeError(_("This notice is not waiting for such an answer."))
    audit(worker, f"{state}_notice", f"notice:{notice.pk}", "the recipient's answer")
    _tell(notice, f"notice_{state}")
    return notice


@transaction.atomic
def _keep_removal(notice: Notice) -> None:
    if notice.move(State.REMOVED):
        seen_at = notice.sighting.checked_at or timezone.now()
        Deadline.objects.filter(notice=notice).update(met_at=seen_at)


@transaction.atomic
def _keep_miss(notice: Notice) -> None:
    running = Deadline.objects.filter(notice=notice, missed_at=None, met_at=None)
    if running.update(missed_at=timezone.now()):
        raise_alert(notice.case, Alert.Kind.OVERDUE, f"notice:{notice.pk}")
        _tell(notice, "deadline_missed")
