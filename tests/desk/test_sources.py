from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import AuditEntry, User
from portal.platforms.models import Platform
from portal.sightings.models import Source

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Harbour gallery",
    "kind": "site",
    "address": "https://gallery.example/",
    "purpose": "Known for re-posts",
    "minutes": "60",
}


def a_source(**over: object) -> Source:
    values = {
        "kind": "site",
        "name": "gallery",
        "config": {"url": "https://gallery.example/"},
        "purpose": "test",
        "enabled": True,
        "next_visit_at": timezone.now() + timedelta(hours=1),
    }
    return Source.objects.create(**values | over)


def test_sources_are_listed_with_how_they_went(worker: Client) -> None:
    a_source(outcome="timeout", pictures=1204)
    page = worker.get("/desk/sources/").content.decode()
    for words in ["gallery", "took too long", "1204", "Visit now"]:
        assert words in page
    assert "Switch off" not in page, "that is for supervisors"


def test_a_worker_asks_for_a_visit(worker: Client) -> None:
    source = a_source()
    worker.post(f"/desk/sources/{source.pk}/visit/")
    assert Source.objects.due().filter(pk=source.pk).exists()


def test_a_source_that_is_off_is_not_visited(worker: Client) -> None:
    source = a_source(enabled=False)
    page = worker.post(
        f"/desk/sources/{source.pk}/visit/", follow=True
    ).content.decode()
    assert "switched off" in page
    assert not Source.objects.due().exists()


def test_only_a_supervisor_decides_where_we_look(worker: Client) -> None:
    source = a_source()
    assert worker.get("/desk/sources/new/").status_code == 403
    assert worker.post("/desk/sources/new/", FORM).status_code == 403
    assert worker.post(f"/desk/sources/{source.pk}/switch/").status_code == 403
    assert Source.objects.get().enabled


def test_a_supervisor_adds_a_source_and_switches_it_on(
    second: Client, stella: User, chirp: Platform
) -> None:
    second.post("/desk/sources/new/", FORM | {"platform": chirp.pk})
    source = Source.objects.get()
    assert source.config == {"url": "https://gallery.example/"}
    assert (source.enabled, source.interval, source.platform) == (False, 3600, chirp)
    second.post(f"/desk/sources/{source.pk}/switch/", {"on": "1"})
    source.refresh_from_db()
    assert source.enabled
    assert (
        AuditEntry.objects.filter(user=stella, subject=f"source:{source.pk}").count()
        == 2
    )


@pytest.mark.parametrize(
    ("kind", "address", "config"),
    [
        ("folder", "archive", {"folder": "archive"}),
        ("warc", "archive/a.warc.gz", {"folder": "archive", "path": "a.warc.gz"}),
        ("feed", "https://boards.example/rss", {"url": "https://boards.example/rss"}),
    ],
)
def test_each_kind_has_its_own_settings(
    second: Client, kind: str, address: str, config: dict[str, str]
) -> None:
    second.post("/desk/sources/new/", FORM | {"kind": kind, "address": address})
    assert Source.objects.get().config == config


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gopher"},
        {"address": ""},
        {"address": "\x00"},
        {"purpose": " "},
        {"minutes": "1"},
        {"minutes": "soon"},
        {"platform": "999"},
        {"name": "x" * 201},
    ],
)
def test_a_wrong_setting_is_named_and_adds_nothing(
    second: Client, wrong: dict[str, str]
) -> None:
    answer = second.post("/desk/sources/new/", FORM | wrong)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Source.objects.exists()
