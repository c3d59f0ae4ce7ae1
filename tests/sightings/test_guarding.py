import pytest

import tracker
from portal.accounts.models import User
from portal.bank.actions import lookup_picture
from portal.bank.models import Benign
from portal.cases.events import sentence
from portal.cases.models import Case, Exhibit
from portal.sightings import actions, guarding
from portal.sightings.guarding import BenignError
from portal.sightings.models import Alert, Observation, Sighting
from tests.sightings.conftest import a_processed_case, a_report, picture

pytestmark = pytest.mark.django_db
WHY = {"name": "a banner", "kind": Benign.Kind.LOGO, "reason": "on every page there"}


def a_sighting(seed: int = 1) -> Sighting:
    url = f"https://chirp.example/{seed}"
    media = tracker.Media(f"{url}.jpg", picture(seed), "image/jpeg")
    find = tracker.Find(url, media, "mallory", None, "")
    return actions.handle_find(find, found=Sighting.Found.CRAWLED)[0]


def steps(case: Case) -> list[str]:
    return list(case.events.order_by("pk").values_list("kind", flat=True))


def test_a_victim_is_told_honestly_that_nothing_looks_for_their_picture(
    wren: User,
) -> None:
    guarding.add(wren, guarding.hash_file(picture(1)), **WHY)
    report = a_report()
    actions.process_report(report)
    exhibit = report.exhibits.get()
    assert exhibit.state == Exhibit.State.HASHED, "nothing of it is destroyed"
    assert "read" not in steps(report.case)
    told = sentence(report.case.events.get(kind="not_watched"))
    assert "We do not look for what looks like it" in told
    assert Alert.objects.get(kind=Alert.Kind.UNWATCHED).case == report.case


def test_what_was_crawled_before_is_not_matched_by_a_listed_picture(
    wren: User,
) -> None:
    for number in range(3):
        media = tracker.Media(
            f"https://a.example/{number}.jpg", picture(1), "image/jpeg"
        )
        find = tracker.Find(f"https://a.example/{number}", media, "", None, "")
        actions.handle_find(find, found=Sighting.Found.CRAWLED)
    guarding.add(wren, guarding.hash_file(picture(1)), **WHY)
    assert not a_processed_case().sightings.exists()


def test_victims_hear_of_an_entry_that_silences_them_and_of_its_end(
    wren: User, stella: User
) -> None:
    case = a_processed_case()
    entry = guarding.add(wren, guarding.hash_file(picture(1)), **WHY)
    assert entry.in_force_at is None
    guarding.approve(entry, stella)
    assert steps(case)[-1] == "not_watched"
    assert lookup_picture(picture(1)) == []
    guarding.remove(entry, stella, "it was her picture after all")
    assert steps(case)[-1] == "watched_again"
    assert lookup_picture(picture(1))


def test_only_a_copy_that_was_rejected_becomes_an_entry(wren: User) -> None:
    a_processed_case()
    sighting = a_sighting()
    with pytest.raises(BenignError, match="decide"):
        guarding.signals_of_sighting(sighting)
    actions.decide(sighting, wren, confirmed=False)
    sighting.refresh_from_db()
    made = guarding.signals_of_sighting(sighting)
    expected = tracker.hash_picture(tracker.decode(picture(1)), whole=True)
    assert {(s.type, s.value, s.version) for s in made} == {
        (s.type, s.value, s.version) for s in expected
    }
    Observation.objects.all().delete()
    with pytest.raises(BenignError, match="forgotten"):
        guarding.signals_of_sighting(sighting)


def test_signals_come_back_from_a_form_as_they_went() -> None:
    made = guarding.hash_file(picture(1))
    assert [
        (s.type, s.value, s.version) for s in guarding.opened(guarding.sealable(made))
    ] == [(s.type, s.value, s.version) for s in made]
