"""One case: what the victim gave and allows, where copies are, and what was done."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.cases import events
from portal.cases.models import Case, Consent
from portal.desk.access import worker_of
from portal.desk.queue import counts_of
from portal.desk.words import REFUSALS, said, why
from portal.sightings.grading import Counts, grade
from portal.sightings.models import Sighting


@require_safe
@login_required
def case(request: HttpRequest, pk: int) -> HttpResponse:
    visible = Case.objects.visible_to(worker_of(request))
    case = get_object_or_404(visible, pk=pk)
    sightings = list(
        case.sightings.select_related("exhibit", "platform").order_by("seen_at")
    )
    counts = counts_of(visible.filter(pk=pk)).get(pk, Counts())
    context = {
        "case": case,
        "grade": grade(counts),
        "threatened": counts.threatened,
        "consents": _consents(case),
        "reports": case.reports.prefetch_related("urls").order_by("pk"),
        "exhibits": [
            (exhibit, said(REFUSALS, exhibit.refusal) if exhibit.refusal else "")
            for exhibit in case.exhibits.order_by("pk")
        ],
        "sightings": [(sighting, why(sighting)) for sighting in sightings],
        "points": _points(sightings),
        "notices": case.notices.select_related("recipient", "deadline", "sighting"),
        "steps": [(e.at, events.sentence(e)) for e in case.events.order_by("-pk")],
    }
    return render(request, "desk/case.html", context)


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
