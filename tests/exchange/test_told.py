"""What anybody outside is shown, face by face: exact and near, and of sound signals only."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.utils import timezone

import tracker
from portal.accounts.models import User
from portal.bank import benign
from portal.bank.models import Benign, Signal
from portal.cases.models import Case
from portal.desk import referral
from portal.exchange import urls
from portal.exchange.models import ApiKey
from portal.sightings.models import Sighting
from tests.exchange.conftest import (
    Machine,
    a_case,
    moved,
    picture,
    results,
    signals_of,
)

pytestmark = pytest.mark.django_db
KINDS = {"exact", "near"}
SOUND, LISTED, HELD = 1, 2, 3  # seeds of pictures


@dataclass
class Scene:
    machine: Machine
    cases: dict[int, Case]
    worker: User


def by_lookup(scene: Scene) -> Iterator[str]:
    """Every signal of every picture, as it is and as far as the widest radius and beyond."""
    for seed in (SOUND, LISTED, HELD):
        for signal in signals_of(seed).values():
            for bits in (0, 1, 31, 32, 51, 52, 53) if signal.type != "sha256" else (0,):
                for result in scene.machine.asks(moved(signal, bits)):
                    yield from _kinds(seed, result["matches"])


def by_picture(scene: Scene) -> Iterator[str]:
    for seed in (SOUND, LISTED, HELD):
        (result,) = results(scene.machine.uploads(picture(seed)))
        yield from _kinds(seed, result["matches"])


def by_feed(scene: Scene) -> Iterator[str]:
    """The feed gives values: whoever has one matches by it."""
    ApiKey.objects.update(scopes=["feed"])
    entries = scene.machine.client.get("/api/v1/feed").json()["entries"]
    active = {(e["type"], e["value"]) for e in entries if e["state"] == "active"}
    yield from _kinds_of_values(active)
    ApiKey.objects.update(scopes=["lookup", "feedback"])


def by_referral(scene: Scene) -> Iterator[str]:
    for case in scene.cases.values():
        text = referral.draft(case, scene.worker)
        told = {
            (row.type, row.value) for row in Signal.objects.all() if row.value in text
        }
        yield from _kinds_of_values(told)
        for sighting in case.sightings.all():
            if sighting.url in text or sighting.sha256 in text:
                yield sighting.kind


def by_feedback(scene: Scene) -> Iterator[str]:
    """It answers with what it was told."""
    answer = scene.machine.tells("0" * 32)
    assert set(answer.json()) == {"error", "detail"}
    yield from ()


def by_paper(scene: Scene) -> Iterator[str]:
    """Status and documents: the same for everybody, whatever is banked."""
    for path in ("v1/status", "schema/", "docs/"):
        answer = scene.machine.client.get(f"/api/{path}")
        assert answer.status_code == 200
        text = answer.content.decode()
        assert not any(row.value in text for row in Signal.objects.all())
    yield from ()


FACES: dict[str, tuple[Callable[[Scene], Iterator[str]], ...]] = {
    "lookups": (by_lookup, by_picture),
    "feed": (by_feed,),
    "feedback": (by_feedback,),
    "status": (by_paper,),
    "schema": (by_paper,),
    "docs": (by_paper,),
    "referral": (by_referral,),
}


def _kinds(seed: int, matches: list[dict[str, object]]) -> Iterator[str]:
    assert "possible" not in json.dumps(matches)
    for match in matches:
        if seed == LISTED:
            yield "benign"
        elif seed == HELD and match["kind"] != "exact":
            yield "quarantined"
        else:
            yield str(match["kind"])


def _kinds_of_values(told: set[tuple[str, str]]) -> Iterator[str]:
    for type_, value in told:
        row = Signal.objects.get(type=type_, value=value)
        assert row.of == tracker.WHOLE
        if row.benign_id is not None:
            yield "benign"
        else:
            yield "quarantined" if row.quarantined_at else "near"


@pytest.fixture
def scene(machine: Machine, wren: User, stella: User) -> Scene:
    cases = {seed: a_case(seed, token=f"{seed}") for seed in (SOUND, LISTED, HELD)}
    entry = benign.add(
        wren,
        list(signals_of(LISTED).values()),
        name="a banner",
        kind=Benign.Kind.LOGO,
        reason="on every page there",
    )
    benign.approve(entry, stella)
    by_looks = cases[HELD].signals.exclude(type="sha256")
    by_looks.update(quarantined_at=timezone.now())
    for case in cases.values():
        for number, kind in enumerate(Sighting.Kind.values):
            _seen(case, number, kind)
    return Scene(machine, cases, wren)


def _seen(case: Case, number: int, kind: str) -> None:
    signal = case.signals.whole().get(type="pdq")
    url = f"https://chirp.example/{case.pk}/{number}"
    Sighting.objects.create(
        case=case,
        exhibit=signal.exhibit,
        signal=signal,
        key=url.encode(),
        url=url,
        media_url=f"{url}.jpg",
        host="chirp.example",
        found=Sighting.Found.CRAWLED,
        kind=kind,
        distance=40,
        matched_type="pdq",
        sha256=f"{case.pk * 10 + number:064x}",
    )


@pytest.mark.parametrize("face", FACES)
def test_a_face_shows_exact_and_near_ones_only(face: str, scene: Scene) -> None:
    for shows in FACES[face]:
        kinds = set(shows(scene))
        assert kinds <= KINDS
        if face in {"lookups", "feed", "referral"}:
            assert kinds, "something is shown at all"


def test_every_face_of_the_exchange_is_among_them() -> None:
    named = {path.name for path in urls.urlpatterns if getattr(path, "name", None)}
    assert named <= FACES.keys()


def test_the_same_file_is_exact_while_its_looks_are_held_back(scene: Scene) -> None:
    (result,) = results(scene.machine.uploads(picture(HELD)))
    assert [match["kind"] for match in result["matches"]] == ["exact"]
    (result,) = results(scene.machine.uploads(picture(LISTED)))
    assert result["matches"] == []


def test_a_feed_takes_back_what_is_held_back_and_gives_it_again(scene: Scene) -> None:
    ApiKey.objects.update(scopes=["feed"])
    mine = Signal.objects.filter(case=scene.cases[SOUND], type="pdq")
    page = scene.machine.client.get("/api/v1/feed").json()
    mine.update(quarantined_at=timezone.now())
    page = scene.machine.client.get(f"/api/v1/feed?after={page['next']}").json()
    assert [entry["state"] for entry in page["entries"]] == ["withdrawn"]
    mine.update(quarantined_at=None)
    page = scene.machine.client.get(f"/api/v1/feed?after={page['next']}").json()
    assert [entry["state"] for entry in page["entries"]] == ["active"]
