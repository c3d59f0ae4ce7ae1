"""A worker is killed at each step of each task; a sweep finds the rest; nothing is twice.

What a sweep leaves must equal what an undisturbed worker leaves: the same rows, the same
files, and nothing half-done beside them.
"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import time_machine
from django.conf import settings as live
from django.db import connection
from pytest_django import Settings

from portal.accounts.models import User
from portal.bank import following
from portal.bank.models import Signal
from portal.bank.tasks import publish_index
from portal.cases import evidence
from portal.cases.models import Event, Exhibit, Report, ReportedUrl
from portal.notices.actions import approve, draft
from portal.notices.models import Deadline, Delivery, Notice
from portal.notices.tasks import sweep_notices
from portal.platforms.models import Platform
from portal.sightings import actions, packing, visiting
from portal.sightings.models import (
    Alert,
    Assessment,
    Check,
    LookBack,
    Observation,
    Sighting,
    Source,
)
from portal.sightings.strays import NAMING
from portal.sightings.tasks import (
    sweep_evidence,
    sweep_look_backs,
    sweep_rechecks,
    sweep_reports,
    sweep_sightings,
    sweep_sources,
)
from tests.journeys.conftest import Victim, picture, post
from tests.journeys.mallory import a_web_page
from tests.journeys.mortal import Mortal, moments, mortal
from tests.journeys.quiet import Listener
from tests.journeys.test_crawl_to_sighting import a_source
from tests.loopback_sites import Site
from tests.sightings.memory import a_hash_report, near, observe

FOLDERS = ("evidence", "held-keys", "outbox", "index")
# What makes one row of each kind the same as another: no number, no time.
ROWS: dict[Any, tuple[str, ...]] = {
    Report: ("case__reference",),
    Exhibit: ("state", "refusal", "size"),
    ReportedUrl: ("url", "outcome"),
    Signal: ("type", "value", "seq"),
    Event: ("kind", "once"),
    Observation: ("url", "media_url", "sha256"),
    LookBack: ("reached", "upto"),
    Sighting: ("url", "media_url", "kind", "found", "status", "misses", "decision"),
    Check: ("seen", "http_status"),
    Assessment: ("finding", "sighting__media_url"),
    Alert: ("kind", "subject"),
    Source: ("outcome", "failures", "pictures", "lease_until"),
    Notice: ("reference", "state"),
    Delivery: ("ok", "receipt"),
    Deadline: ("missed_at", "met_at"),
}
WAITING = {
    Report: "processed_at",
    ReportedUrl: "visited_at",
    Notice: "sent_at",
    Source: "visited_at",
}


@pytest.fixture
def worker(
    transactional_db: None, tmp_path: Path, logs: Listener, settings: Settings
) -> Iterator[Mortal]:
    settings.INDEX_PUBLISH_AFTER = 1
    said = tmp_path / "said"
    environment = {
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "INDEX_PUBLISH_AFTER": "1",
    }
    with mortal(environment, said) as started:
        yield started
    logs.plant_what_the_database_holds()
    logs.check(said.read_text())


@dataclass
class Shelf:
    """All that lasts, as it was at one moment."""

    rows: sqlite3.Connection
    files: Path

    def put_back(self) -> None:
        self.rows.backup(_database())
        for name in FOLDERS:
            shutil.rmtree(live.VAR / name, ignore_errors=True)
            shutil.copytree(self.files / name, live.VAR / name)
        following.follower.cache_clear()  # it followed what has now never been


def _database() -> sqlite3.Connection:
    connection.ensure_connection()
    return cast("sqlite3.Connection", connection.connection)


@pytest.fixture
def shelve(tmp_path: Path) -> Iterator[Callable[[], Shelf]]:
    for name in FOLDERS:
        shutil.rmtree(live.VAR / name, ignore_errors=True)
        (live.VAR / name).mkdir()
    kept = sqlite3.connect(":memory:", check_same_thread=False)

    def keep() -> Shelf:
        _database().backup(kept)
        for name in FOLDERS:
            shutil.copytree(live.VAR / name, tmp_path / name)
        return Shelf(kept, tmp_path)

    yield keep
    kept.close()


def state() -> dict[str, object]:
    """Everything that must be the same, whoever was killed on the way."""
    found: dict[str, object] = {
        model.__name__: Counter(model._default_manager.values_list(*fields))
        for model, fields in ROWS.items()
    }
    found["waiting"] = {
        model.__name__: model._default_manager.filter(**{field: None}).count()
        for model, field in WAITING.items()
    }
    named = [
        name
        for rows, column in NAMING
        for name in rows.exclude(**{column: ""}).values_list(column, flat=True)
    ]
    assert sorted(evidence.stored()) == sorted(named), "sealed bytes without a row"
    found["sealed"] = len(named)
    found["keys"] = len(list((live.VAR / "held-keys").iterdir()))
    for name in ("outbox", "index"):
        every = sorted((live.VAR / name).rglob("*"))
        found[name] = [str(path.relative_to(live.VAR)) for path in every]
    return found


def recover(sweeps: Sequence[Callable[[], object]]) -> None:
    """Let the claim grow stale, and the sweeps come by, twice."""
    for minutes in (3, 6):
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
            for sweep in sweeps:
                sweep()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        sweep_evidence()


def spread_out(moments: list[int], most: int) -> list[int]:
    """At most that many of them, the first and the last among them."""
    if len(moments) <= most:
        return moments
    last = len(moments) - 1
    return sorted({moments[round(n * last / (most - 1))] for n in range(most)})


def survives_every_kill(
    worker: Mortal,
    before: Shelf,
    task: str,
    *args: int,
    sweeps: Sequence[Callable[[], object]],
    most: int = 1000,
) -> dict[str, object]:
    """The end state, which is the same whenever the worker is killed."""
    steps = worker.works(task, *args)
    recover(sweeps)
    undisturbed = state()
    for step in spread_out(moments(steps), most):
        before.put_back()
        worker.works(task, *args, dies_at=step)
        recover(sweeps)
        assert state() == undisturbed, f"killed at step {step} of {len(steps)}"
    return undisturbed


@pytest.fixture
def gallery(site: Site) -> Source:
    site.pages = {
        "/": post("/copy.jpg") + post("/other.jpg", "ben") + '<a href="/2">more</a>',
        "/2": post("/third.jpg"),
        "/copy.jpg": picture(1),
        "/other.jpg": picture(3),
        "/third.jpg": picture(4),
    }
    source = a_source(site)
    Source.objects.update(interval=10**6)
    return source


@pytest.mark.usefixtures("bell_is_dead")
def test_process_report_of_an_upload(
    worker: Mortal, shelve: Callable[[], Shelf], amina: Victim, gallery: Source
) -> None:
    visiting.crawl(gallery)
    amina.opens_a_case()
    amina.uploads(picture(1), a_web_page())
    after = survives_every_kill(
        worker,
        shelve(),
        "portal.sightings.tasks.process_report",
        Report.objects.latest("pk").pk,
        sweeps=[sweep_reports, sweep_look_backs],
    )
    assert after["sealed"] == 1
    assert after["keys"] == 0
    assert Sighting.objects.get().found == Sighting.Found.REMEMBERED
    assert Signal.objects.whole().count() == 3


@pytest.mark.usefixtures("bell_is_dead")
def test_process_report_of_codes_alone(
    worker: Mortal, shelve: Callable[[], Shelf], amina: Victim, gallery: Source
) -> None:
    visiting.crawl(gallery)
    amina.reports(picture(1))
    after = survives_every_kill(
        worker,
        shelve(),
        "portal.sightings.tasks.process_report",
        Report.objects.get().pk,
        sweeps=[sweep_reports, sweep_look_backs],
    )
    assert after["sealed"] == 0
    assert Sighting.objects.get().found == Sighting.Found.REMEMBERED
    assert Signal.objects.count() == 2


@pytest.mark.usefixtures("bell_is_dead")
def test_look_back(
    worker: Mortal,
    shelve: Callable[[], Shelf],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day in (3, 2, 1):
        observe(near(day), seen_at=datetime.now(UTC) - timedelta(days=day))
        packing.pack()
    with monkeypatch.context() as patched:
        patched.setattr(actions, "LOOKS_FOR", -1)
        actions.process_report(a_hash_report())
    survives_every_kill(
        worker,
        shelve(),
        "portal.sightings.tasks.look_back",
        LookBack.objects.get().pk,
        sweeps=[sweep_reports, sweep_look_backs],
        most=5,
    )
    assert Sighting.objects.count() == 3
    assert not LookBack.objects.exists()


@pytest.mark.usefixtures("bell_is_dead")
def test_visit_reported(
    worker: Mortal,
    shelve: Callable[[], Shelf],
    amina: Victim,
    gallery: Source,
    site: Site,
) -> None:
    site.pages["/only"] = post("/copy.jpg")
    amina.reports(picture(1), urls=f"{site.url}/only")
    worker.works("portal.sightings.tasks.process_report", Report.objects.get().pk)
    survives_every_kill(
        worker,
        shelve(),
        "portal.sightings.tasks.visit_reported",
        ReportedUrl.objects.get().pk,
        sweeps=[sweep_reports, sweep_sightings],
        most=3,
    )
    assert Assessment.objects.count() == 1
    assert Event.objects.filter(kind="url_seen").count() == 1


def test_crawl_source(
    worker: Mortal, shelve: Callable[[], Shelf], amina: Victim, gallery: Source
) -> None:
    amina.reports(picture(1))
    survives_every_kill(
        worker,
        shelve(),
        "portal.sightings.tasks.crawl_source",
        gallery.pk,
        sweeps=[sweep_sources, sweep_sightings],
        most=4,
    )
    assert Observation.objects.count() == 3
    assert Source.objects.get().pictures == 3
    assert Event.objects.filter(kind="copy_found").count() == 1


def test_assess_sighting(
    worker: Mortal, shelve: Callable[[], Shelf], amina: Victim, gallery: Source
) -> None:
    amina.reports(picture(1))
    visiting.crawl(gallery)
    survives_every_kill(
        worker,
        shelve(),
        "portal.sightings.tasks.assess_sighting",
        Sighting.objects.get().pk,
        sweeps=[sweep_sightings],
    )
    assert Assessment.objects.count() == 1


def test_recheck_sighting_of_a_copy_that_is_there_and_not_yet_kept(
    worker: Mortal, shelve: Callable[[], Shelf], amina: Victim, gallery: Source
) -> None:
    visiting.crawl(gallery)
    amina.reports(picture(1))
    assert not Sighting.objects.get().captured_as
    survives_every_kill(
        worker,
        shelve(),
        "portal.sightings.tasks.recheck_sighting",
        Sighting.objects.get().pk,
        sweeps=[sweep_rechecks],
    )
    assert Sighting.objects.get().captured_as
    assert Check.objects.count() == 1


def test_recheck_sighting_of_a_copy_that_is_gone(
    worker: Mortal,
    shelve: Callable[[], Shelf],
    amina: Victim,
    gallery: Source,
    site: Site,
) -> None:
    amina.reports(picture(1))
    visiting.crawl(gallery)
    site.pages = {"/": "removed"}
    now = datetime.now(UTC)
    Sighting.objects.update(misses=2, checked_at=now, next_check_at=now)
    survives_every_kill(
        worker,
        shelve(),
        "portal.sightings.tasks.recheck_sighting",
        Sighting.objects.get().pk,
        sweeps=[sweep_rechecks],
    )
    assert Sighting.objects.get().status == Sighting.Status.GONE
    assert Event.objects.filter(kind="gone").count() == 1


def test_deliver_notice(
    worker: Mortal,
    shelve: Callable[[], Shelf],
    amina: Victim,
    gallery: Source,
    wren: User,
    stella: User,
) -> None:
    Platform.objects.update(in_us=True, contact="ncii@gallery.example")
    amina.reports(picture(1))
    visiting.crawl(gallery)
    Sighting.objects.update(decision=Sighting.Decision.CONFIRMED, next_check_at=None)
    notice = approve(
        draft(Sighting.objects.get(), wren, rule_id="us-take-it-down"), stella
    )
    after = survives_every_kill(
        worker,
        shelve(),
        "portal.notices.tasks.deliver_notice",
        notice.pk,
        sweeps=[sweep_notices],
    )
    assert after["outbox"] == [f"outbox/{notice.reference}.eml"]
    assert Delivery.objects.count() == 1
    assert Event.objects.filter(kind="notice_sent").count() == 1


def test_publish_index(
    worker: Mortal, shelve: Callable[[], Shelf], amina: Victim, ben: Victim
) -> None:
    amina.reports(picture(1))
    publish_index()
    ben.reports(picture(2))
    after = survives_every_kill(
        worker, shelve(), "portal.bank.tasks.publish_index", sweeps=[publish_index]
    )
    published = cast("list[str]", after["index"])
    assert published
    assert not [
        name for name in published if "/." in name and not name.endswith("/.lock")
    ]
