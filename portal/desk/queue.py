"""The first page of the desk: what waits, the most urgent first."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.models import User
from portal.cases.exposure import exposure_of
from portal.cases.models import Case, CaseQuerySet, Report
from portal.desk.access import find, worker_of
from portal.desk.grants import waiting_for
from portal.notices.models import Deadline, Notice
from portal.sightings.grading import FAR, Counts, Grade, grade
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
    worker = worker_of(request)
    cases = Case.objects.active().visible_to(worker)
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
        **_beside(worker),
    }
    return render(request, "desk/queue.html", context)


def _beside(worker: User) -> dict[str, object]:
    """What is not about one case's copies: letters, colleagues, and the worker's own day."""
    cases = Case.objects.active().visible_to(worker)
    unread = Count(
        "messages", filter=Q(messages__written_by=None, messages__read_at=None)
    )
    unheld = (
        Case.objects.without_holder() if worker.is_supervisor else Case.objects.none()
    )
    return {
        "letters": cases.annotate(unread=unread).filter(unread__gt=0).order_by("pk"),
        "waiting": waiting_for(worker),
        "exposure": exposure_of(worker),
        "unheld": unheld.values_list("reference", flat=True).order_by("reference"),
    }


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
    return sorted(rows, key=_urgency)


def _urgency(row: Graded) -> tuple[int, int]:
    """By grade; within one, whoever was set the nearest day."""
    level = ("I", "II", "III", "IV").index(row.grade.level)
    return level, row.counts.days_left


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
    for report in Report.objects.filter(case__in=cases):
        counts[report.case_id] = _with_told(counts[report.case_id], report, now.date())
    late = Q(deadline__missed_at__isnull=False, deadline__met_at=None)
    for pk in (
        Notice.objects.awaiting()
        .filter(late, case__in=cases)
        .values_list("case", flat=True)
    ):
        counts[pk] = replace(counts[pk], overdue=counts[pk].overdue + 1)
    return counts


def _with_told(old: Counts, report: Report, today: date) -> Counts:
    until = report.threatened_until
    left = (until - today).days if until and until >= today else FAR
    return replace(
        old,
        threatened=old.threatened or report.threatened,
        fears=old.fears | set(report.fears),
        days_left=min(old.days_left, left),
    )
