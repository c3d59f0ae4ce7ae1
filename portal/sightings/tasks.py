"""The doorbells of the sightings app: claim the row, call one action, ring the next."""

from celery import shared_task
from django.db.models import QuerySet

from portal.cases.models import Report, ReportedUrl
from portal.celery import ring
from portal.sightings import (
    actions,
    assessing,
    ending,
    flooding,
    packing,
    rechecking,
    strays,
    visiting,
)
from portal.sightings.models import LookBack, Sighting, Source


@shared_task
def process_report(pk: int) -> None:
    """Read one report. Safe to ring twice: whoever claims the row reads it."""
    if report := Report.objects.claim(pk):
        actions.process_report(report)
        for url in ReportedUrl.objects.stranded().filter(report=report):
            ring(visit_reported, url.pk)


@shared_task
def look_back(pk: int) -> None:
    if look := LookBack.objects.claim(pk):
        actions.look_back(look)


@shared_task
def visit_reported(pk: int) -> None:
    if reported := ReportedUrl.objects.claim(pk):
        _assess_soon(visiting.visit_reported(reported))


@shared_task
def crawl_source(pk: int) -> None:
    if source := Source.objects.claim(pk):
        _assess_soon(visiting.crawl(source))


@shared_task
def assess_sighting(pk: int) -> None:
    if sighting := Sighting.objects.unassessed().claim(pk):
        assessing.assess(sighting)
        Sighting.objects.filter(pk=pk).update(claimed_at=None)


@shared_task
def recheck_sighting(pk: int) -> None:
    if sighting := Sighting.objects.to_recheck().claim(pk):
        rechecking.recheck(sighting)


@shared_task
def sweep_reports() -> None:
    for pk in Report.objects.stranded().values_list("pk", flat=True):
        ring(process_report, pk)
    for pk in ReportedUrl.objects.stranded().values_list("pk", flat=True):
        ring(visit_reported, pk)


@shared_task
def sweep_look_backs() -> None:
    for pk in LookBack.objects.stranded().values_list("pk", flat=True):
        ring(look_back, pk)


@shared_task
def sweep_sightings() -> None:
    _assess_soon(Sighting.objects.unassessed())


@shared_task
def sweep_rechecks() -> None:
    for pk in Sighting.objects.to_recheck().values_list("pk", flat=True):
        ring(recheck_sighting, pk)


@shared_task
def sweep_sources() -> None:
    for pk in Source.objects.due().values_list("pk", flat=True):
        ring(crawl_source, pk)


@shared_task
def sweep_observations() -> None:
    packing.forget()


@shared_task
def pack_observations() -> None:
    packing.pack()


@shared_task
def sweep_evidence() -> None:
    strays.release_forgotten()
    strays.discard_strays()


@shared_task
def sweep_floods() -> None:
    flooding.sweep()


@shared_task
def sweep_ended() -> None:
    ending.drop_captures()
    ending.ask_for_reviews()


def _assess_soon(sightings: list[Sighting] | QuerySet[Sighting]) -> None:
    for sighting in sightings:
        ring(assess_sighting, sighting.pk)
