"""The first page of the desk: what waits, the most urgent first."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal.cases.models import Case, CaseQuerySet
from portal.desk.access import find, worker_of
from portal.notices.models import Deadline, Notice
from portal.sightings.grading import Counts, Grade, grade
from portal.sightings.models import Alert, Sighting

PAGE = 50
SHOWN = 20  # of each list beside the cases
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Graded:
    case: Case
    counts: Counts
    grade: Grade


@require_safe
@login_required
def queue(request: HttpRequest) -> HttpResponse:
    cases = Case.objects.active().visible_to(worker_of(request))
    sightings = Sighting.objects.filter(case__in=cases, decision=Sighting.Decision.OPEN)
    drafts = Notice.objects.filter(case__in=cases, state=Notice.State.DRAFT)
    alerts = Alert.objects.filter(case__in=cases, seen_by=None)
    deadlines = Deadline.objects.filter(
        notice__in=Notice.objects.awaiting().filter(case__in=cases), met_at=None
    )
    context = {
        "page": Paginator(graded(cases), PAGE).get_page(request.GET.get("page")),
        "open_count": sightings.count(),
        "draft_count": drafts.count(),
        "alert_count": alerts.count(),
        "deadline_count": deadlines.count(),
        "sightings": sightings.select_related("case").order_by("seen_at")[:SHOWN],
        "drafts": drafts.select_related("case", "recipient", "drafted_by")[:SHOWN],
        "alerts": alerts.select_related("case")[:SHOWN],
        "deadlines": deadlines.select_related(
            "notice__case", "notice__recipient"
        ).order_by("due_at")[:SHOWN],
        "now": timezone.now(),
    }
    return render(request, "desk/queue.html", context)


@require_POST
@login_required
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    alert = find(Alert.objects.filter(), request, pk)
    Alert.objects.filter(pk=alert.pk, seen_by=None).update(seen_by=worker_of(request))
    return redirect("desk:queue")


def graded(cases: CaseQuerySet) -> list[Graded]:
    """The cases with their grades, the most urgent first, then the newest."""
    counts = counts_of(cases)
    rows = [
        Graded(
            case, counts.get(case.pk, Counts()), grade(counts.get(case.pk, Counts()))
        )
        for case in cases.order_by("-pk")
    ]
    return sorted(rows, key=lambda row: ("I", "II", "III", "IV").index(row.grade.level))


def counts_of(cases: CaseQuerySet) -> dict[int, Counts]:
    """What each case is graded by, in three queries whatever their number."""
    counts: dict[int, Counts] = defaultdict(Counts)
    hosts: dict[int, set[str]] = defaultdict(set)
    now = timezone.now()
    rows = Sighting.objects.filter(case__in=cases).exclude(
        decision=Sighting.Decision.REJECTED
    )
    for case, host, decision, status, at in rows.values_list(
        "case", "host", "decision", "status", "seen_at"
    ):
        if status not in {Sighting.Status.GONE, Sighting.Status.REPLACED}:
            hosts[case].add(host)
        old = counts[case]
        counts[case] = replace(
            old,
            open=old.open + (decision == Sighting.Decision.OPEN),
            hosts=len(hosts[case]),
            today=old.today + (at > now - DAY),
            before=old.before + (now - 2 * DAY < at <= now - DAY),
        )
    threats = cases.filter(reports__threatened=True).distinct()
    for pk in threats.values_list("pk", flat=True):
        counts[pk] = replace(counts[pk], threatened=True)
    late = Q(deadline__missed_at__isnull=False, deadline__met_at=None)
    for pk in (
        Notice.objects.awaiting()
        .filter(late, case__in=cases)
        .values_list("case", flat=True)
    ):
        counts[pk] = replace(counts[pk], overdue=counts[pk].overdue + 1)
    return counts
