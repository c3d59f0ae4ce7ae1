"""One copy: why it matches, what the detector says, and what to do about it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from portal.cases.keys import LockedError
from portal.cases.models import Consent
from portal.celery import ring, ring_on_commit
from portal.desk.access import find, key_of, worker_of
from portal.desk.agreeing import sentences, sides
from portal.desk.forensic import can_report
from portal.desk.words import CHECKS, FINDINGS, OUTCOMES, SIGNALS, decided, said, why
from portal.notices import actions as notices
from portal.platforms.models import Platform
from portal.platforms.rules import all_rules
from portal.sightings import actions, comparing, rechecking, saying
from portal.sightings.models import Assessment, Sighting
from portal.sightings.tasks import assess_sighting, recheck_sighting

ROWS = Sighting.objects.select_related(
    "case", "exhibit", "signal", "platform", "decided_by"
)


@require_safe
@login_required
def sighting(request: HttpRequest, pk: int) -> HttpResponse:
    sighting = find(ROWS, request, pk)
    assessment = Assessment.objects.filter(sighting=sighting).first()
    checks = [
        (check, said(CHECKS, check.seen), said(OUTCOMES, check.detail))
        for check in sighting.checks.order_by("-pk")[:50]
    ]
    context = {
        "sighting": sighting,
        "why": why(sighting),
        "sentences": sentences(sighting),
        "sides": sides(sighting),
        "can_compare": bool(sighting.captured_as or sighting.exhibit.stored_as),
        "decided": decided(sighting),
        "signal": said(SIGNALS, sighting.matched_type),
        "assessment": assessment,
        "finding": said(FINDINGS, assessment.finding) if assessment else "",
        "reasons": _evidence(assessment, measured=False),
        "measurements": _evidence(assessment, measured=True),
        "opinions": saying.opinions(assessment.opinions) if assessment else [],
        "gaps": saying.gaps(assessment.not_tested) if assessment else [],
        "frames": _frames(assessment),
        "is_newer": _has_newer_photo(sighting, assessment),
        "can_assess": _can_assess(sighting),
        "can_report": can_report(sighting, assessment),
        "checks": checks,
        "notices": sighting.notices.select_related("recipient"),
    }
    return render(request, "desk/sighting.html", context)


@require_POST
@login_required
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    sighting = find(ROWS, request, pk)
    decision = request.POST.get("decision")
    if decision not in {Sighting.Decision.CONFIRMED, Sighting.Decision.REJECTED}:
        messages.error(request, _("Please choose one of the two."))
    elif sighting.case.is_withdrawn:
        messages.error(request, _("This case has ended. Nothing more may be done."))
    else:
        confirmed = decision == Sighting.Decision.CONFIRMED
        if not actions.decide(sighting, worker_of(request), confirmed=confirmed):
            messages.info(request, _("Somebody has decided about this copy already."))
    return redirect("desk:sighting", pk)


@require_POST
@login_required
def recheck(request: HttpRequest, pk: int) -> HttpResponse:
    sighting = find(ROWS, request, pk)
    if sighting.case.is_withdrawn:
        messages.error(request, _("This case has ended. Nothing more may be done."))
        return redirect("desk:sighting", pk)
    with transaction.atomic():
        rechecking.check_now(sighting)
        ring_on_commit(recheck_sighting, sighting.pk)
    messages.info(request, _("We look again now. Load this page again in a moment."))
    return redirect("desk:sighting", pk)


@require_POST
@login_required
def assess_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the detector look at the kept copy once more, for example with a new photo."""
    sighting = find(ROWS, request, pk)
    try:
        held = comparing.hold_again(key_of(request, sighting.case), sighting)
    except LockedError as error:
        messages.error(request, str(error))
        return redirect("desk:sighting", pk)
    if held:
        ring(assess_sighting, sighting.pk)
        words = _("The program looks again now. Load this page again in a moment.")
        messages.info(request, words)
    else:
        messages.error(request, _("No copy was kept, or it could not be read."))
    return redirect("desk:sighting", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the recipient and the rule, and draft."""
    sighting = find(ROWS, request, pk)
    recipient = _recipient(request, sighting)
    if request.method == "POST":
        try:
            drafted = notices.draft(
                sighting,
                worker_of(request),
                rule_id=request.POST.get("rule", ""),
                recipient=recipient,
            )
        except notices.NoticeError as error:
            messages.error(request, str(error))
        else:
            return redirect("desk:notice", drafted.pk)
    today = timezone.now().date()
    rules = (
        [(rule, rule.refusal(recipient, today)) for rule in all_rules()]
        if recipient
        else []
    )
    context = {
        "sighting": sighting,
        "recipient": recipient,
        "platforms": Platform.objects.all(),
        "rules": [rule for rule, refusal in rules if refusal is None],
        "others": [(rule, refusal) for rule, refusal in rules if refusal],
    }
    return render(request, "desk/draft.html", context)


def _evidence(assessment: Assessment | None, *, measured: bool) -> list[dict[str, str]]:
    """The detector's reasons, or its bare measurements, in the reader's language."""
    items = assessment.evidence if assessment else []
    return saying.reasons(
        item for item in items if (item["strength"] == "measurement") == measured
    )


def _frames(assessment: Assessment | None) -> list[dict[str, Any]]:
    """Of a video, the frames that matter, with their findings in a worker's words."""
    return [
        frame | {"finding": said(FINDINGS, frame["finding"])}
        for frame in saying.frames(assessment.frames if assessment else [])
    ]


def _can_assess(sighting: Sighting) -> bool:
    """Whether the program may look once more: comparing.hold_again."""
    is_kept = bool(sighting.captured_as) and not sighting.held_as
    return is_kept and sighting.case.consents_to(Consent.Kind.CHECK)


def _has_newer_photo(sighting: Sighting, assessment: Assessment | None) -> bool:
    """Whether the victim gave a photo that this copy was not compared with yet.

    When a photo came is known to the hour: one of the same hour was used if any was.
    """
    if assessment is None:
        return False
    given = sighting.case.originals.all()
    if saying.is_compared(assessment.not_tested):
        given = given.filter(given_at__gt=assessment.at)
    return given.exists()


def _recipient(request: HttpRequest, sighting: Sighting) -> Platform | None:
    """Whom the worker chose, else the platform that answers for the copy."""
    chosen = request.POST.get("recipient") or request.GET.get("recipient") or ""
    if not chosen:
        return sighting.platform
    return get_object_or_404(Platform, pk=chosen if chosen.isdecimal() else 0)
