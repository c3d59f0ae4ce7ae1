"""A report and a crawl at one moment: whichever is later sees the other."""

from threading import Thread

import pytest
from django.db import connection

import tracker
from portal.bank import actions as bank
from portal.sightings import actions, sourcing, visiting
from portal.sightings.models import LookBack, Sighting, Source
from tests.sightings.conftest import World, a_report, picture

REMEMBERED = Sighting.Found.REMEMBERED


@pytest.mark.django_db
def test_a_report_read_while_a_find_is_looked_up_sees_the_find(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, really = a_report(), bank.lookup
    asked: list[int] = []

    def too_early(questions: list[list[tracker.Signal]]) -> list[list[bank.Hit]]:
        hits = really(questions)
        if not asked:
            asked.append(len(hits[0]))
            actions.process_report(report)
        return hits

    monkeypatch.setattr(bank, "lookup", too_early)
    visiting.crawl(world.source)
    assert asked == [0]
    assert report.case.sightings.get().found == REMEMBERED


@pytest.mark.django_db(transaction=True)
def test_a_find_made_while_a_report_looks_back_sees_the_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report, really = a_report(), actions.look_back
    hits: list[bank.Hit] = []

    def elsewhere() -> None:
        hits.extend(bank.lookup_picture(picture()))
        connection.close()

    def looks(look: LookBack, seconds: float) -> None:
        really(look, seconds)
        thread = Thread(target=elsewhere)
        thread.start()
        thread.join()

    monkeypatch.setattr(actions, "look_back", looks)
    actions.process_report(report)
    assert [hit.signal.case for hit in hits] == [report.case]


@pytest.mark.django_db
def test_a_visit_asked_for_during_a_visit_is_still_made(world: World) -> None:
    source = Source.objects.claim(world.source.pk)
    assert source
    sourcing.visit_now(source)
    visiting.crawl(source)
    assert Source.objects.due().get() == source
    assert Source.objects.claim(source.pk)


@pytest.mark.django_db
def test_a_source_begun_anew_is_not_ended_by_the_visit_before(world: World) -> None:
    late = Source.objects.claim(world.source.pk)
    assert late
    sourcing.begin_anew(late)
    visiting.crawl(late)
    fresh = Source.objects.get()
    assert (fresh.checkpoint, fresh.outcome) == ("", "")
    assert Source.objects.due().get() == fresh
