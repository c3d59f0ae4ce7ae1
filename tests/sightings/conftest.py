"""A small loopback site that shows Amina's picture among others, and her case."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from portal.cases.actions import submit_report
from portal.cases.models import Case, Consent, Exhibit, Report
from portal.platforms.models import Host, Platform
from portal.sightings import actions
from portal.sightings.models import Source
from tests import drawing
from tests.loopback_sites import Site, serve
from tests.telling import told

REPORTED = 1
CONSENTS = [
    Consent.Kind.MATCHING,
    Consent.Kind.NOTICES,
    Consent.Kind.EVIDENCE,
    Consent.Kind.CHECK,
]


@dataclass
class World:
    site: Site
    source: Source
    platform: Platform


def picture(seed: int = REPORTED) -> bytes:
    return drawing.encode(drawing.landscape(seed), "JPEG")


def page(*paths: str) -> str:
    posts = "".join(
        f'<article><a rel="author">mallory</a><time datetime="2026-03-01T10:00:00Z">'
        f'then</time><img src="{path}"></article>'
        for path in paths
    )
    return f"<html><body>{posts}</body></html>"


def a_report(
    token: str = "amina",
    *,
    seed: int = REPORTED,
    urls: tuple[str, ...] = (),
    consents: list[Consent.Kind] = CONSENTS,
) -> Report:
    return submit_report(
        token=token, told=told(urls=urls, pictures=[picture(seed)], consents=consents)
    ).report


def a_processed_case(token: str = "amina", *, seed: int = REPORTED) -> Case:
    report = a_report(token, seed=seed)
    actions.process_report(report)
    assert report.exhibits.get().state == Exhibit.State.HASHED
    return report.case


@pytest.fixture
def world(db: None) -> Iterator[World]:
    site = Site()
    site.pages = {
        "/": page("/copy.jpg", "/other.jpg"),
        "/copy.jpg": drawing.encode(drawing.landscape(REPORTED), "JPEG", quality=60),
        "/other.jpg": picture(2),
    }
    with serve(site):
        platform = Platform.objects.create(
            name="Loopback gallery", in_eu=True, in_us=True, recheck_gap=0
        )
        Host.objects.create(
            platform=platform, name=f"127.0.0.1:{site.port}", inward=True
        )
        source = Source.objects.create(
            kind="site",
            name="gallery",
            config={"url": f"{site.url}/", "min_delay": 0},
            purpose="test",
            platform=platform,
            enabled=True,
        )
        yield World(site, source, platform)
