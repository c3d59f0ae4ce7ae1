"""One case: what the victim gave and allows, where copies are, and what was done."""

from datetime import date

from django.contrib.auth.decorators import login_required
from django.db.models import Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.models import User
from portal.cases import events
from portal.cases.kinds import FEARS, KINDS
from portal.cases.models import Case, Consent
from portal.desk import grants, keeping, referral
from portal.desk.access import case_of, worker_of
from portal.desk.queue import counts_of
from portal.desk.words import REFUSALS, said, why
from portal.sightings.grading import Counts, grade
from portal.sightings.models import LookBack, Sighting


@require_safe
@login_required
def case(request: HttpRequest, pk: int) -> HttpResponse:
    case, worker = case_of(request, pk), worker_of(request)
    context = {
        "case": case,
        **_urgency(case),
        **_told(case),
        **_found(case),
        **_access(case, worker),
        **keeping.kept(case, worker),
        "consents": _consents(case),
        "notices": case.notices.select_related("recipient", "deadline", "sighting"),
        "steps": [(e.at, events.sentence(e)) for e in case.events.order_by("-pk")],
        "unread": case.messages.filter(written_by=None, read_at=None).count(),
    }
    return render(request, "desk/case.html", context)


def _urgency(case: Case) -> dict[str, object]:
    counts = counts_of(Case.objects.filter(pk=case.pk)).get(case.pk, Counts())
    return {"grade": grade(counts), "threatened": counts.is_threatened}


def _told(case: Case) -> dict[str, object]:
    """What happened and what they fear, in words; the codes of all reports together."""
    reports = list(case.reports.prefetch_related("urls").order_by("pk"))
    kinds = dict.fromkeys(code for report in reports for code in report.kinds)
    fears = dict.fromkeys(code for report in reports for code in report.fears)
    return {
        "reports": reports,
        "kinds": [said(KINDS, code) for code in kinds],
        "fears": [said(FEARS, code) for code in fears],
        "until": _until(case),
        "originals": case.originals.order_by("pk"),
        "exhibits": [
            (exhibit, said(REFUSALS, exhibit.refusal) if exhibit.refusal else "")
            for exhibit in case.exhibits.order_by("pk")
        ],
    }


def _until(case: Case) -> date | None:
    """The first day that somebody set them."""
    day: date | None = case.reports.aggregate(day=Min("threatened_until"))["day"]
    return day


def _found(case: Case) -> dict[str, object]:
    rows = case.sightings.select_related("exhibit", "platform").order_by("seen_at")
    sightings = list(rows)
    return {
        "sightings": [(sighting, why(sighting)) for sighting in sightings],
        "points": _points(sightings),
        "looked_back": LookBack.objects.percent(case),
    }


def _access(case: Case, worker: User) -> dict[str, object]:
    """Who can open it; and where it is frozen, what goes to whom."""
    is_frozen = case.ending == Case.Ending.FROZEN
    return {
        "holders": grants.holders(case),
        "colleagues": [] if is_frozen else grants.may_be_given(case, worker),
        "is_frozen": is_frozen,
        "referral": referral.draft(case, worker) if is_frozen else "",
        "bodies": referral.bodies_of(case) if is_frozen else [],
    }


def _consents(case: Case) -> list[tuple[str, bool]]:
    given = set(case.consents.filter(revoked_at=None).values_list("kind", flat=True))
    return [(str(kind.label), kind in given) for kind in Consent.Kind]


def _points(sightings: list[Sighting]) -> list[dict[str, str]]:
    """What the chart draws: a copy is a point in time, in the lane of its site."""
    return [
        {
            "at": sighting.first_at.isoformat(),
            "host": sighting.host,
            "account": sighting.account,
            "kind": sighting.get_kind_display(),
            "state": "away"
            if sighting.status in {"gone", "replaced"}
            else sighting.decision,
        }
        for sighting in sightings
        if sighting.decision != Sighting.Decision.REJECTED
    ]
