"""One notice: the text as it will be sent, what is wrong with it, and who let it go."""

from collections.abc import Callable
from hashlib import sha256

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.models import User
from portal.celery import ring_on_commit
from portal.desk.access import find, worker_of
from portal.notices import actions, validation
from portal.notices.models import Deadline, Notice
from portal.notices.tasks import deliver_notice
from portal.platforms.rules import ELEMENTS, RuleError
from portal.platforms.rules import rule as rule_of

ROWS = Notice.objects.select_related(
    "case", "sighting", "recipient", "drafted_by", "approved_by"
)


@require_safe
@login_required
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    notice = find(ROWS, request, pk)
    is_draft = notice.state == Notice.State.DRAFT
    context = {
        "notice": notice,
        "read": _mark(notice),
        "rule": _rule_name(notice),
        "deadline": Deadline.objects.filter(notice=notice).first(),
        "deliveries": notice.deliveries.order_by("-pk"),
        "problems": validation.problems(notice) if is_draft else [],
        "fields": _fields(notice) if is_draft else [],
        "is_draft": is_draft,
        "is_mine": notice.drafted_by_id == worker_of(request).pk,
        "may_cancel": notice.state in {Notice.State.DRAFT, Notice.State.APPROVED},
        "may_acknowledge": notice.state == Notice.State.SENT,
        "may_refuse": notice.state in {Notice.State.SENT, Notice.State.ACKNOWLEDGED},
    }
    return render(request, "desk/notice.html", context)


@require_POST
@login_required
def revise(request: HttpRequest, pk: int) -> HttpResponse:
    elements = {
        name: request.POST[name].replace("\r\n", "\n")
        for name in ELEMENTS
        if name in request.POST
    }
    return _step(
        request,
        pk,
        lambda notice, worker: actions.revise(notice, worker, elements=elements),
    )


@require_POST
@login_required
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    def step(notice: Notice, worker: User) -> None:
        # What the approver read: a text revised since then must be read again.
        if request.POST.get("read", _mark(notice)) != _mark(notice):
            raise actions.NoticeError(_("Somebody changed this notice. Read it again."))
        with transaction.atomic():
            actions.approve(notice, worker)
            ring_on_commit(deliver_notice, notice.pk)

    return _step(request, pk, step)


@require_POST
@login_required
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _step(
        request, pk, lambda notice, worker: actions.cancel(notice, worker, reason)
    )


@require_POST
@login_required
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    receipt = request.POST.get("receipt", "")
    return _step(
        request, pk, lambda notice, worker: actions.acknowledge(notice, worker, receipt)
    )


@require_POST
@login_required
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _step(
        request, pk, lambda notice, worker: actions.refuse(notice, worker, reason)
    )


def _step(
    request: HttpRequest, pk: int, take: Callable[[Notice, User], object]
) -> HttpResponse:
    """Take one step and go back to the notice, with what is wrong, if anything is."""
    notice = find(ROWS, request, pk)
    if any("\x00" in value for value in request.POST.values()):
        messages.error(
            request, _("There is a hidden sign in this text. Type it again.")
        )
        return redirect("desk:notice", pk)
    try:
        take(notice, worker_of(request))
    except actions.NoticeError as error:
        messages.error(request, str(error))
        for problem in error.problems:
            messages.error(request, problem.message)
    return redirect("desk:notice", pk)


def _mark(notice: Notice) -> str:
    """Tells one wording from another, so that nobody approves what they did not read."""
    return sha256(notice.body.encode()).hexdigest()


def _rule_name(notice: Notice) -> str:
    try:
        return rule_of(notice.rule).regime
    except RuleError:
        return notice.rule


def _fields(notice: Notice) -> list[dict[str, object]]:
    """One form field for each element that the rule has a place for."""
    try:
        rule = rule_of(notice.rule)
    except RuleError:
        return []
    choices = rule.letter(notice.language).choices
    return [
        {
            "name": name,
            "label": ELEMENTS[name],
            "value": notice.elements.get(name, ""),
            "required": name in rule.required,
            "choices": list(choices[name].items()) if name in choices else [],
        }
        for name in rule.elements
    ]
